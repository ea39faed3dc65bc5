"""The metrics of Lambda and Step Functions: stock counts the calls of the API alone, and no execution at all."""

import time

from ministack.services import cloudwatch, lambda_svc, stepfunctions

OF_STATUS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def patch():
    emit, execute = lambda_svc._emit_lambda_metrics, lambda_svc._execute_function
    tell = stepfunctions._emit_execution_status_event

    def counted(function, event):
        config = function.get("config") or function
        if lambda_svc._function_config_scope_mismatch(config):
            return execute(function, event)
        began = time.time()
        result = execute(function, event)
        if not result.get("throttle"):
            emit(config["FunctionName"], (time.time() - began) * 1000, bool(result.get("error")), False)
        return result

    def emit_throttles(name, duration_ms=0.0, error=False, throttle=False):
        if throttle and not duration_ms:
            emit(name, duration_ms, error, throttle)

    def tell_and_count(execution):
        metric = OF_STATUS.get(execution["status"])
        if metric:
            dimensions = {"StateMachineArn": execution["stateMachineArn"]}
            cloudwatch.record_metric("AWS/States", metric, 1, "Count", dimensions)
        tell(execution)

    lambda_svc._execute_function = counted
    lambda_svc._emit_lambda_metrics = emit_throttles
    stepfunctions._emit_execution_status_event = tell_and_count
