"""A key that is not there is a forbidden one to whoever may not list its bucket.

Stock says 404 to everybody, so that a reader without `s3:ListBucket` passes there whom AWS denies.
"""

import uuid

from ministack import app
from ministack.core import iam_actions, iam_evaluator, responses, router
from ministack.services import s3


def refusal_to_list(bucket, headers, query_params):
    arn = f"arn:aws:s3:::{bucket}"
    key = router.extract_access_key_id(headers, query_params)
    denied = iam_evaluator.enforce(key, "s3:ListBucket", "s3", responses.get_region(), resource_arn=arn)
    if not isinstance(denied, iam_evaluator.EvalResult):
        return None
    named = {"resource_arn": arn, "explicit_deny": denied.decision == "Deny"}
    return iam_actions.access_denied_response(
        "s3", "s3:ListBucket", denied.principal_arn, str(uuid.uuid4()), headers=headers, **named
    )


def patch():
    stock = s3.handle_request

    async def handle(method, path, headers, body, query_params, *args, **kwargs):
        answer = await stock(method, path, headers, body, query_params, *args, **kwargs)
        bucket, _, key = path.lstrip("/").partition("/")
        is_missing = answer[0] == 404 and key and method in ("GET", "HEAD") and s3._bucket_owner_account(bucket)
        return (app.AUTH and is_missing and refusal_to_list(bucket, headers, query_params)) or answer

    s3.handle_request = handle
