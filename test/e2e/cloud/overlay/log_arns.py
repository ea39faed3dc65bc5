"""The resource of the calls of CloudWatch Logs, as AWS writes it: `log-group:<name>:log-stream:<stream>`.

Stock leaves the second half out, so that a policy on `log-group:<name>:*`, the form that AWS asks for, denies; and
holds a list of groups against `*` alone, where AWS takes an empty name.
"""

import json

from ministack.core import iam_actions

# These name a group by its ARN, without a stream.
OF_TAGS = ("TagResource", "UntagResource", "ListTagsForResource", "TagLogGroup", "UntagLogGroup", "ListTagsLogGroup")


def patch():
    stock = iam_actions.extract_resource_arn

    def resource_of(service, method, path, headers, body, query, region, account):
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if service != "logs" or action in OF_TAGS:
            return stock(service, method, path, headers, body, query, region, account)
        asked = json.loads(body or b"{}")
        group, stream = asked.get("logGroupName") or "", asked.get("logStreamName") or ""
        return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"

    iam_actions.extract_resource_arn = resource_of
