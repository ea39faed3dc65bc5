"""Executions that stay as they ended, end at the time limit of their machine, and start once per name and input.

Stock lets a task that fails after a stop turn ABORTED into FAILED, ignores the TimeoutSeconds of a machine, and refuses
a second start of the same name and input while AWS answers it with the first.
"""

import contextvars
import json
import threading

from ministack.core import responses
from ministack.services import stepfunctions


def time_limit_of(execution):
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    return json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None


def time_out(execution):
    if execution["status"] != "RUNNING":
        return
    why = {"error": "States.Timeout"}
    execution.update(status="TIMED_OUT", stopDate=responses.now_iso(), cause=None, output=None, **why)
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": why})
    stepfunctions._emit_execution_status_event(execution)


def patch():
    fail, run, start = stepfunctions._fail_execution, stepfunctions._run_execution, stepfunctions._start_execution

    def fail_unless_ended(execution, error, cause):
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    def run_within_limit(arn):
        execution = stepfunctions._executions.get(arn)
        limit = time_limit_of(execution) if execution else None
        # The timer must know the account and region of whoever started it.
        timer = threading.Timer(limit or 0, contextvars.copy_context().run, (time_out, execution))
        timer.daemon = True
        if limit:
            timer.start()
        try:
            run(arn)
        finally:
            timer.cancel()

    def start_once(data):
        machine = stepfunctions._state_machines.get(stepfunctions._resolve_state_machine_arn(data["stateMachineArn"]))
        if machine and data.get("name"):
            place = f"{responses.get_region()}:{responses.get_account_id()}"
            known = stepfunctions._executions.get(f"arn:aws:states:{place}:execution:{machine['name']}:{data['name']}")
            if known and known["status"] == "RUNNING" and known["input"] == data.get("input", "{}"):
                return responses.json_response({"executionArn": known["executionArn"], "startDate": known["startDate"]})
        return start(data)

    stepfunctions._fail_execution = fail_unless_ended
    stepfunctions._run_execution = run_within_limit
    stepfunctions._start_execution = start_once
