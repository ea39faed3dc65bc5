"""Schedules in their own time zone, with the context attributes in their input, looked at every two seconds.

Stock reads every expression as UTC, hands `<aws.scheduler.scheduled-time>` on as it is written, and forgets a start
whose machine is not there instead of sending it to the dead letters.
"""

import copy
import datetime
import logging
import time
import zoneinfo

from ministack.core import responses
from ministack.services import eventbridge, scheduler, stepfunctions

UTC = datetime.timezone.utc
log = logging.getLogger("overlay.schedules")


def due_at(schedule, last, now):
    """When it was due since it last fired, in seconds; None where it was not."""
    expression = schedule["ScheduleExpression"]
    period = eventbridge._parse_rate_seconds(expression)
    if period is not None:
        return last + period if now >= last + period else None
    zone = zoneinfo.ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    if expression.startswith("at("):
        at = datetime.datetime.fromisoformat(expression[3:-1]).replace(tzinfo=zone).timestamp()
        return at if last < at <= now else None
    fields = eventbridge._parse_cron_fields(expression)
    following = eventbridge._cron_next_fire(fields, datetime.datetime.fromtimestamp(last, zone)) if fields else None
    return following.timestamp() if following and following.timestamp() <= now else None


def fire(schedule, at):
    target = copy.deepcopy(schedule["Target"])
    attributes = {
        "scheduled-time": datetime.datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "schedule-arn": schedule["Arn"],
        "execution-id": responses.new_uuid(),
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        target["Input"] = (target.get("Input") or "{}").replace(f"<aws.scheduler.{name}>", value)
    undelivered = (target.get("DeadLetterConfig") or {}).get("Arn")
    if ":states:" in target["Arn"] and stepfunctions._resolve_state_machine_arn(target["Arn"]) is None and undelivered:
        target["Arn"] = undelivered
    event = {"EventId": responses.new_uuid(), "Source": "aws.scheduler", "DetailType": "Scheduled Event", "Detail": "{}"}
    place = {"Time": at, "Resources": [schedule["Arn"]], "Account": responses.get_account_id()}
    eventbridge._invoke_target(target, {**event, **place, "Region": responses.get_region()}, schedule)


def tick():
    now = time.time()
    for key, schedule in list(scheduler._schedules._data.items()):
        if schedule.get("State") != "ENABLED":
            continue
        is_once = schedule["ScheduleExpression"].startswith("at(")
        since = 0 if is_once else scheduler._to_epoch(schedule.get("CreationDate")) or now
        at = due_at(schedule, scheduler._schedule_last_fired.setdefault(key, since), now)
        if at is None:
            continue
        scheduler._schedule_last_fired[key] = at
        responses.set_request_account_id(key[0])
        responses.set_request_region(key[1])
        try:
            fire(schedule, at)
        except Exception:
            log.exception("the schedule %s could not be fired", key[2])


def patch():
    scheduler._tick_schedules = tick
    scheduler._SCHEDULE_TICK_INTERVAL = 2
