"""The time zone of a schedule in a template: stock drops it."""

from ministack.services import scheduler
from ministack.services.cloudformation import provisioners


def keep_time_zone(stock, properties_at):
    def handle(*given):
        answer = stock(*given)
        properties = given[properties_at]
        zone = properties.get("ScheduleExpressionTimezone")
        if zone is not None:
            key = f"{properties.get('GroupName', 'default')}/{answer[0]}"
            scheduler._schedules[key]["ScheduleExpressionTimezone"] = zone
        return answer

    return handle


def patch():
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Scheduler::Schedule"]
    handlers["create"] = keep_time_zone(handlers["create"], 1)
    handlers["update"] = keep_time_zone(handlers["update"], 2)
