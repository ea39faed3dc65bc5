"""The event of an alarm on the default bus: stock tells the topics of an alarm and nobody else."""

import datetime
import json
import time

from ministack.services import cloudwatch, eventbridge


def instant(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def configuration_of(alarm):
    metric = {
        "namespace": alarm.get("Namespace"),
        "name": alarm.get("MetricName"),
        "dimensions": {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []},
    }
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    looked_at = {"metric": metric, "period": int(alarm.get("Period") or 60), "stat": statistic}
    return {
        "description": alarm.get("AlarmDescription") or "",
        "metrics": [{"id": "m1", "metricStat": looked_at, "returnData": True}],
    }


def patch():
    act = cloudwatch._dispatch_alarm_actions

    def dispatch(alarm, old, new, reason):
        now = time.time()
        detail = {
            "alarmName": alarm["AlarmName"],
            "state": {"value": new, "reason": reason, "timestamp": instant(now)},
            "previousState": {"value": old, "timestamp": instant(alarm.get("_changed_at", now))},
            "configuration": configuration_of(alarm),
        }
        alarm["_changed_at"] = now
        event = {
            "Source": "aws.cloudwatch",
            "DetailType": "CloudWatch Alarm State Change",
            "Detail": json.dumps(detail),
            "Resources": [alarm["AlarmArn"]],
        }
        # Events go out also where the actions of the alarm are disabled.
        eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)
        act(alarm, old, new, reason)

    cloudwatch._dispatch_alarm_actions = dispatch
