"""A rule's event for a function as an asynchronous invocation: tried again, and kept in the dead letters at the end.

Stock calls the function once, forgets the event where that fails, and drops the dead letters of a function in a template.
"""

import json

from ministack.services import eventbridge, lambda_svc
from ministack.services.cloudformation import provisioners


def deliver(arn, payload):
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        eventbridge.logger.warning("the rule's function %s is not there", name)
        return
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), json.loads(payload))


def keep_dead_letters(stock, properties_at):
    def handle(*given):
        answer = stock(*given)
        asked = given[properties_at].get("DeadLetterConfig")
        if asked:
            lambda_svc._functions[answer[0]]["config"]["DeadLetterConfig"] = asked
        return answer

    return handle


def patch():
    eventbridge._dispatch_to_lambda = deliver
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    handlers["create"] = keep_dead_letters(handlers["create"], 1)
    handlers["update"] = keep_dead_letters(handlers["update"], 2)
