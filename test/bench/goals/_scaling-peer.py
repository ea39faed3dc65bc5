"""The review as it is done by hand: two metrics of each service, five of each database, one call after the other.

Standard input: JSON with services, databases, cluster and end (seconds). Standard output: JSON, name to recommendations.
"""

import datetime
import json
import sys

import botocore.session
from botocore.config import Config

given = json.load(sys.stdin)
settings = Config(retries={"mode": "standard", "max_attempts": 10})
cloudwatch = botocore.session.get_session().create_client("cloudwatch", config=settings)
end = datetime.datetime.fromtimestamp(given["end"], datetime.timezone.utc)
begin = end - datetime.timedelta(days=30)


def points(namespace, metric, dimensions):
    answer = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
        StartTime=begin,
        EndTime=end,
        Period=3600,
        Statistics=["Average", "Maximum"],
    )
    return answer["Datapoints"]


def mean(found):
    return sum(point["Average"] for point in found) / len(found)


def most(found):
    return max(point["Maximum"] for point in found)


def of_service(name):
    dimensions = [("ServiceName", name), ("ClusterName", given["cluster"])]
    cpu = points("AWS/ECS", "CPUUtilization", dimensions)
    memory = points("AWS/ECS", "MemoryUtilization", dimensions)
    if not cpu or not memory:
        return None
    said = []
    if mean(cpu) > 70:
        said.append("Consider increasing CPU allocation or scaling out")
    elif mean(cpu) < 30:
        said.append("Consider reducing CPU allocation to save costs")
    if mean(memory) > 80:
        said.append("Consider increasing memory allocation")
    elif mean(memory) < 40:
        said.append("Consider reducing memory allocation")
    if most(cpu) > 90 or most(memory) > 95:
        said.append("Consider implementing auto-scaling policies")
    return said


METRICS = ["CPUUtilization", "DatabaseConnections", "FreeableMemory", "ReadLatency", "WriteLatency"]


def of_database(name):
    found = {metric: points("AWS/RDS", metric, [("DBInstanceIdentifier", name)]) for metric in METRICS}
    said = []
    if found["CPUUtilization"] and mean(found["CPUUtilization"]) > 70:
        said.append("Consider upgrading to a larger instance class")
    if found["DatabaseConnections"] and most(found["DatabaseConnections"]) > 80:
        said.append("Consider implementing connection pooling or read replicas")
    if found["ReadLatency"] and mean(found["ReadLatency"]) > 0.2:
        said.append("Consider adding read replicas or optimizing queries")
    return said


answers = {name: of_service(name) for name in given["services"]}
answers.update({name: of_database(name) for name in given["databases"]})
json.dump(answers, sys.stdout)
