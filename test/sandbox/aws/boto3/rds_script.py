"""What boto3 sees of RDS, told as one JSON object a line: {"seen": name, "value": value}.

The same script runs against the sandbox and against moto. A value holds no identifier, port or time, so that two runs
are alike. {"look": name, ...} asks whoever drives it to look into a database; it goes on at the next line of input.

usage: rds_script.py <endpoint url>
"""

import datetime
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

REGION, RECOVERY = "eu-central-1", "eu-west-1"
PASSWORD = "correct-horse-battery"
ENDPOINT = sys.argv[1]


def client(region):
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=60)
    return boto3.client(
        "rds",
        endpoint_url=ENDPOINT,
        region_name=region,
        aws_access_key_id="AKIDBOTO",
        aws_secret_access_key="boto",
        config=config,
    )


rds, recovery = client(REGION), client(RECOVERY)


def seen(name, value):
    print(json.dumps({"seen": name, "value": value}), flush=True)


def look(name, instance):
    address = rds.describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"][0].get("Endpoint", {})
    told = {"look": name, "host": address.get("Address"), "port": address.get("Port")}
    print(json.dumps(told), flush=True)
    sys.stdin.readline()


def refused(name, call, **parameters):
    """The code on the wire, its status, and the class that boto3 makes of it."""
    try:
        call(**parameters)
        seen(name, "accepted")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        seen(name, [code, status if status >= 400 else 0, type(error).__name__])
    except ResponseParserError:
        seen(name, "no answer of AWS")


def instance(name, of=rds):
    return of.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def snapshot(name, of=rds):
    return of.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]


QUICK = {"Delay": 0.1, "MaxAttempts": 600}


def available(name, of=rds):
    """boto3's own waiter says when; what it passed through is told by the first word of each call."""
    of.get_waiter("db_instance_available").wait(DBInstanceIdentifier=name, WaiterConfig=QUICK)
    until(f"{name} has nothing pending", lambda: settled(instance(name, of)))
    return instance(name, of)


def settled(found):
    groups = found.get("DBParameterGroups", [])
    pending = {key: value for key, value in found.get("PendingModifiedValues", {}).items() if value}
    return found["DBInstanceStatus"] == "available" and not pending and all(
        group["ParameterApplyStatus"] != "applying" for group in groups
    )


def snapshot_available(name, of=rds):
    of.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name, WaiterConfig=QUICK)
    return snapshot(name, of)


def until(what, holds, seconds=90):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def tags(found):
    return {tag["Key"]: tag["Value"] for tag in found.get("TagList", [])}


def unprotect(name):
    """A copy is not protected; where one is, that was told above."""
    if instance(name)["DeletionProtection"]:
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def delete(name, of=rds):
    unprotect(name)
    of.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    of.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name, WaiterConfig=QUICK)


# --- create
refused("describe.unknown", rds.describe_db_instances, DBInstanceIdentifier="nobody")
wanted = {
    "DBInstanceIdentifier": "crm",
    "Engine": "postgres",
    "EngineVersion": "18.4",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "MasterUsername": "crm",
    "MasterUserPassword": PASSWORD,
    "DBName": "crm",
    "BackupRetentionPeriod": 1,
    "DeletionProtection": True,
    "MultiAZ": True,
    "Tags": [{"Key": "env", "Value": "prod"}],
}
made = rds.create_db_instance(**wanted)["DBInstance"]
seen("create.status", made["DBInstanceStatus"])
seen("create.hasAddress", "Address" in made.get("Endpoint", {}))
seen("create.passwordTold", "MasterUserPassword" in made)
refused("create.again", rds.create_db_instance, **wanted)
refused("create.badName", rds.create_db_instance, **{**wanted, "DBInstanceIdentifier": "9lives--"})
crm = available("crm")
seen("created", [crm["DBInstanceStatus"], crm["Engine"], crm["DBName"], crm["BackupRetentionPeriod"], tags(crm)])
until("it can be restored to a time", lambda: "LatestRestorableTime" in instance("crm"))
crm = instance("crm")
seen("created.resourceId", crm["DbiResourceId"].startswith("db-"))
seen("created.latestIsPast", crm["LatestRestorableTime"] < datetime.datetime.now(datetime.timezone.utc))
refused("page.tooSmall", rds.describe_db_instances, MaxRecords=5)
look("fill", "crm")

# --- tags
arn = crm["DBInstanceArn"]
rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "team", "Value": "crm"}, {"Key": "env", "Value": "stage"}])
rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["team"])
listed = rds.list_tags_for_resource(ResourceName=arn)["TagList"]
seen("tags", sorted([tag["Key"], tag["Value"]] for tag in listed))
refused("tags.unknown", rds.list_tags_for_resource, ResourceName=arn.replace(":crm", ":nobody"))

# --- snapshot
taken = rds.create_db_snapshot(
    DBSnapshotIdentifier="crm-one", DBInstanceIdentifier="crm", Tags=[{"Key": "tier", "Value": "daily"}]
)["DBSnapshot"]
seen("snapshot.status", taken["Status"])
seen("snapshot.kind", [taken["SnapshotType"], taken["DBInstanceIdentifier"]])
refused(
    "snapshot.unknownInstance", rds.create_db_snapshot, DBSnapshotIdentifier="x-one", DBInstanceIdentifier="nobody"
)
one = snapshot_available("crm-one")
seen("snapshot", [one["Status"], one.get("PercentProgress"), one["Engine"], tags(one)])
seen("snapshot.databaseTime", "SnapshotDatabaseTime" in one)
until("the instance is available again", lambda: settled(instance("crm")))
refused("snapshot.again", rds.create_db_snapshot, DBSnapshotIdentifier="crm-one", DBInstanceIdentifier="crm")
refused("snapshot.unknown", rds.describe_db_snapshots, DBSnapshotIdentifier="nothing")
look("after snapshot", "crm")

# --- restore
restored = rds.restore_db_instance_from_db_snapshot(
    DBInstanceIdentifier="crm-copy",
    DBSnapshotIdentifier="crm-one",
    DBInstanceClass="db.t4g.micro",
    PubliclyAccessible=False,
    Tags=[{"Key": "mainstay", "Value": "temporary"}],
)["DBInstance"]
seen("restore.status", restored["DBInstanceStatus"])
refused("restore.again", rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier="crm-copy", DBSnapshotIdentifier="crm-one")
refused("restore.unknown", rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier="x-copy", DBSnapshotIdentifier="nothing")
copy = available("crm-copy")
seen("restored.protection", copy["DeletionProtection"])
seen("restored.multiAz", copy["MultiAZ"])
seen("restored.retention", copy["BackupRetentionPeriod"])
seen("restored.tags", tags(copy))
seen("restored.resourceIdIsNew", copy["DbiResourceId"] != crm["DbiResourceId"])
seen("restored.group", [group["DBParameterGroupName"] for group in copy["DBParameterGroups"]])
look("restored", "crm-copy")

# --- point in time
time_restored = rds.restore_db_instance_to_point_in_time(
    SourceDBInstanceIdentifier="crm", TargetDBInstanceIdentifier="crm-time", UseLatestRestorableTime=True
)["DBInstance"]
seen("pointInTime.status", time_restored["DBInstanceStatus"])
ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
pitr = rds.restore_db_instance_to_point_in_time
refused("pointInTime.future", pitr, SourceDBInstanceIdentifier="crm", TargetDBInstanceIdentifier="x-ahead", RestoreTime=ahead)
refused("pointInTime.noTime", pitr, SourceDBInstanceIdentifier="crm", TargetDBInstanceIdentifier="x-time")
refused(
    "pointInTime.unknown",
    pitr,
    SourceDBInstanceIdentifier="nobody",
    TargetDBInstanceIdentifier="x-time",
    UseLatestRestorableTime=True,
)
later = available("crm-time")
seen("pointInTime.protection", later["DeletionProtection"])
look("restored to a time", "crm-time")

# --- replica
replica = rds.create_db_instance_read_replica(DBInstanceIdentifier="crm-replica", SourceDBInstanceIdentifier="crm")[
    "DBInstance"
]
seen("replica.status", replica["DBInstanceStatus"])
refused(
    "replica.unknownSource",
    rds.create_db_instance_read_replica,
    DBInstanceIdentifier="x-replica",
    SourceDBInstanceIdentifier="nobody",
)
replica = available("crm-replica")
seen("replica.source", replica.get("ReadReplicaSourceDBInstanceIdentifier"))
seen("replica.infos", [[info["StatusType"], info["Status"]] for info in replica.get("StatusInfos", [])])
seen("replica.ofSource", instance("crm")["ReadReplicaDBInstanceIdentifiers"])
look("replica", "crm-replica")

# --- promote
refused("promote.noReplica", rds.promote_read_replica, DBInstanceIdentifier="crm-copy")
refused("promote.unknown", rds.promote_read_replica, DBInstanceIdentifier="nobody")
seen("promote.status", rds.promote_read_replica(DBInstanceIdentifier="crm-replica")["DBInstance"]["DBInstanceStatus"])
promoted = available("crm-replica")
seen("promoted.source", promoted.get("ReadReplicaSourceDBInstanceIdentifier"))
seen("promoted.ofSource", instance("crm")["ReadReplicaDBInstanceIdentifiers"])
refused("promote.again", rds.promote_read_replica, DBInstanceIdentifier="crm-replica")
look("promoted", "crm-replica")

# --- another region
copied = recovery.copy_db_snapshot(
    SourceDBSnapshotIdentifier=one["DBSnapshotArn"],
    TargetDBSnapshotIdentifier="crm-one-far",
    SourceRegion=REGION,
    CopyTags=True,
)["DBSnapshot"]
seen("copy.status", copied["Status"])
far = snapshot_available("crm-one-far", recovery)
seen("copy", [far["Status"], far.get("SourceRegion"), far["DBSnapshotArn"].split(":")[3], tags(far)])
refused("copy.notHere", rds.describe_db_snapshots, DBSnapshotIdentifier="crm-one-far")
refused(
    "copy.again",
    recovery.copy_db_snapshot,
    SourceDBSnapshotIdentifier=one["DBSnapshotArn"],
    TargetDBSnapshotIdentifier="crm-one-far",
)

# --- delete
refused("delete.protected", rds.delete_db_instance, DBInstanceIdentifier="crm", SkipFinalSnapshot=True)
refused("delete.noSnapshotNamed", rds.delete_db_instance, DBInstanceIdentifier="crm-copy", SkipFinalSnapshot=False)
unprotect("crm-copy")
gone = rds.delete_db_instance(DBInstanceIdentifier="crm-copy", SkipFinalSnapshot=True)["DBInstance"]
seen("delete.status", gone["DBInstanceStatus"])
refused("delete.again", rds.delete_db_instance, DBInstanceIdentifier="crm-copy", SkipFinalSnapshot=True)
rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="crm-copy", WaiterConfig=QUICK)
refused("delete.gone", rds.delete_db_instance, DBInstanceIdentifier="crm-copy", SkipFinalSnapshot=True)
delete("crm-time")
delete("crm-replica")
unprotected = rds.modify_db_instance(DBInstanceIdentifier="crm", DeletionProtection=False, ApplyImmediately=True)
seen("modify.status", unprotected["DBInstance"]["DBInstanceStatus"])
until("the protection is off", lambda: not instance("crm")["DeletionProtection"])
available("crm")
rds.delete_db_instance(DBInstanceIdentifier="crm", SkipFinalSnapshot=False, FinalDBSnapshotIdentifier="crm-last")
rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="crm", WaiterConfig=QUICK)
seen("delete.finalSnapshot", snapshot_available("crm-last")["Status"])
for name in ("crm-one", "crm-last"):
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)
recovery.delete_db_snapshot(DBSnapshotIdentifier="crm-one-far")
refused("snapshot.deleted", rds.delete_db_snapshot, DBSnapshotIdentifier="crm-one")
seen("left.instances", [found["DBInstanceIdentifier"] for found in rds.describe_db_instances()["DBInstances"]])
seen("left.snapshots", [found["DBSnapshotIdentifier"] for found in rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]])
