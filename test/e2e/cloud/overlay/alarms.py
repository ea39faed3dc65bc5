"""Alarms that look at their own metric, period by period, and by themselves.

Stock mixes the data of all dimensions, takes all periods as one value, looks only when somebody calls CloudWatch, and
leaves an alarm as it is where there is no data, whatever it says of missing data.
"""

import logging
import threading
import time

from _alarm_state import BREACHES, state_of
from ministack.core import responses
from ministack.services import cloudwatch

LOOKS_EVERY_SECONDS = 2
# On AWS a state that was set by hand lasts until the next evaluation.
KEEPS_SET_STATE_SECONDS = 10

log = logging.getLogger("overlay.alarms")


def evaluate(alarm):
    now = time.time()
    if not alarm.get("MetricName") or alarm.get("ComparisonOperator") not in BREACHES:
        return
    if now - alarm.get("_set_at", 0) < KEEPS_SET_STATE_SECONDS:
        return
    old, found = alarm["StateValue"], state_of(alarm, now)
    if found is None or found[0] == old:
        return
    alarm.update(StateValue=found[0], StateReason=found[1], StateUpdatedTimestamp=int(now))
    cloudwatch._record_history(alarm["AlarmName"], old, *found)
    cloudwatch._dispatch_alarm_actions(alarm, old, *found)
    cloudwatch._evaluate_parent_alarms(alarm)


def look_at_all():
    while True:
        time.sleep(LOOKS_EVERY_SECONDS)
        for (account, region, _), alarm in list(cloudwatch._alarms._data.items()):
            responses.set_request_account_id(account)
            responses.set_request_region(region)
            try:
                cloudwatch._evaluate_alarm(alarm)
            except Exception:
                log.exception("the alarm %s could not be evaluated", alarm.get("AlarmName"))


def patch():
    set_stock_state = cloudwatch._set_alarm_state

    def set_state(params, body, is_cbor, is_json=False):
        alarm = cloudwatch._alarms.get((body or {}).get("AlarmName") or cloudwatch._p(params, "AlarmName"))
        if alarm is not None:
            alarm["_set_at"] = time.time()
        return set_stock_state(params, body, is_cbor, is_json)

    cloudwatch._set_alarm_state = set_state
    cloudwatch._evaluate_alarm = evaluate
    threading.Thread(target=look_at_all, daemon=True).start()
