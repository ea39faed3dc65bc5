"""The plan as it is made by hand: each instance asks twice for images, each database for the versions of its engine.

Standard input: JSON with project. Standard output: JSON, the image and its date by instance, and the newest minor version
by database.
"""

import json
import sys

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

project = json.load(sys.stdin)["project"]
session = botocore.session.get_session()
settings = Config(retries={"mode": "standard", "max_attempts": 10})
ec2, rds, eks = (session.create_client(name, config=settings) for name in ("ec2", "rds", "eks"))


def images():
    running = [
        {"Name": "tag:Project", "Values": [project]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    seen = {}
    for reservation in ec2.describe_instances(Filters=running)["Reservations"]:
        for instance in reservation["Instances"]:
            image = ec2.describe_images(ImageIds=[instance["ImageId"]])["Images"][0]
            created = image["CreationDate"]
            # Images that were made at the same moment are never newer: the list is read, and says nothing.
            same = ec2.describe_images(
                Owners=["amazon"],
                Filters=[
                    {"Name": "name", "Values": ["amzn2-ami-hvm-*"]},
                    {"Name": "state", "Values": ["available"]},
                    {"Name": "creation-date", "Values": [f"{created}*"]},
                ],
            )["Images"]
            newest = max((one["CreationDate"] for one in same), default=created)
            seen[instance["InstanceId"]] = {"image": image["ImageId"], "created": created, "newest": newest}
    return seen


def databases():
    versions = {}
    for instance in rds.describe_db_instances()["DBInstances"]:
        name = instance["DBInstanceIdentifier"]
        if project not in name:
            continue
        found = rds.describe_db_engine_versions(Engine=instance["Engine"], EngineVersion=instance["EngineVersion"])
        targets = found["DBEngineVersions"][0].get("ValidUpgradeTarget", [])
        minor = [one["EngineVersion"] for one in targets if not one.get("IsMajorVersionUpgrade", False)]
        versions[name] = max(minor, default=None)
    return versions


def clusters():
    found = {}
    for name in eks.list_clusters()["clusters"]:
        if project not in name:
            continue
        found[name] = eks.describe_cluster(name=name)["cluster"]["version"]
        try:
            eks.describe_update(name=name, updateId="latest")
        except ClientError:
            # No update has this id. Nothing that is read depends on it.
            continue
    return found


json.dump({"images": images(), "databases": databases(), "clusters": clusters()}, sys.stdout)
