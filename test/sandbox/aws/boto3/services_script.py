"""Services of the sandbox's AWS for which there is no other client here, called once each: one JSON object of what came.

usage: services_script.py <endpoint url>
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

REGION = "eu-central-1"


def client(service, region=REGION):
    return boto3.client(
        service,
        endpoint_url=sys.argv[1],
        region_name=region,
        aws_access_key_id="AKIDBOTO",
        aws_secret_access_key="boto",
    )


def code_of(call, **parameters):
    try:
        call(**parameters)
        return "accepted"
    except ClientError as error:
        return error.response["Error"]["Code"]


seen = {}

iam = client("iam")
service = {"Effect": "Allow", "Principal": {"Service": "export.rds.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = {"Version": "2012-10-17", "Statement": [service]}
deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
iam.create_role(RoleName="export", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="export", PolicyName="deny", PolicyDocument=json.dumps(deny))
policy = iam.get_role_policy(RoleName="export", PolicyName="deny")["PolicyDocument"]
seen["iam"] = [policy["Statement"][0]["Effect"], code_of(iam.get_role, RoleName="nobody")]

seen["sts"] = len(client("sts").get_caller_identity()["Account"])

kms, far = client("kms"), client("kms", "eu-west-1")
key = kms.create_key(Description="backups")["KeyMetadata"]
seen["kms"] = [key["KeyState"], code_of(far.describe_key, KeyId=key["KeyId"])]

ecr = client("ecr")
ecr.create_repository(repositoryName="crm-api")
seen["ecr"] = [
    ecr.describe_repositories()["repositories"][0]["repositoryName"],
    code_of(ecr.describe_images, repositoryName="nothing"),
]

ec2 = client("ec2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
group = ec2.create_security_group(GroupName="quarantine", Description="no way out", VpcId=vpc)["GroupId"]
everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
seen["ec2"] = [found["GroupName"], found["IpPermissionsEgress"], code_of(ec2.describe_security_groups, GroupIds=["sg-0"])]

subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
    for index, zone in enumerate("ab")
]
elb = client("elbv2")
target = elb.create_target_group(Name="crm", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
balancer = elb.create_load_balancer(Name="crm", Subnets=subnets)["LoadBalancers"][0]
seen["elbv2"] = [target["TargetGroupName"], balancer["State"]["Code"] in ("provisioning", "active")]

build = client("codebuild")
project = {
    "name": "crm-api",
    "source": {"type": "S3", "location": "bucket/source.zip"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "alpine", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::123456789012:role/service-role/build",
}
build.create_project(**project)
started = build.start_build(projectName="crm-api")["build"]
seen["codebuild"] = [started["projectName"], code_of(build.start_build, projectName="nothing")]

print(json.dumps(seen))
