"""The state of an alarm from the data of its own metric, period by period, with what missing data means for it."""

import operator

from ministack.services import cloudwatch

BREACHES = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def values_of(alarm, now):
    """One value for each period, the newest first; None where there is no data."""
    wanted = {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []}
    points = [
        point
        for (namespace, name, _), stored in list(cloudwatch._metrics.items())
        if namespace == alarm["Namespace"] and name == alarm["MetricName"]
        for point in stored
        if (point.get("Dimensions") or {}) == wanted
    ]
    period = int(alarm.get("Period") or 60)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    current = int(now // period) * period
    # The period that is not over yet counts as soon as it has data.
    newest = current if any(point["Timestamp"] >= current for point in points) else current - period
    for place in range(int(alarm.get("EvaluationPeriods") or 1)):
        begin = newest - place * period
        within = [point for point in points if begin <= point["Timestamp"] < begin + period]
        yield cloudwatch._stat_value(cloudwatch._calc_stats(within), statistic, within) if within else None


def state_of(alarm, now):
    """The state that its data give it and why; None where it stays as it is."""
    breaches, threshold = BREACHES[alarm["ComparisonOperator"]], float(alarm.get("Threshold") or 0)
    values = list(values_of(alarm, now))
    missing = alarm.get("TreatMissingData") or "missing"
    if all(value is None for value in values):
        if missing == "ignore":
            return None
        if missing == "missing":
            return "INSUFFICIENT_DATA", "Insufficient Data: no datapoint in the evaluated periods"
    breaching = sum(missing == "breaching" if value is None else breaches(value, threshold) for value in values)
    enough = int(alarm.get("DatapointsToAlarm") or len(values))
    reason = f"Threshold Crossed: {values} against {alarm['ComparisonOperator']} {threshold}, missing data {missing}"
    return "ALARM" if breaching >= enough else "OK", reason
