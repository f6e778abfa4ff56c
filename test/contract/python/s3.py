"""S3 with boto3."""

import base64
import hashlib
import io
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest.mock
import urllib.error
import urllib.request

import boto3
import botocore.config
from checks import check, contains, equal, refused, run
from cluster import POD_IDENTITY, Cluster
from roles import ACCOUNT, allow, document, make_role, with_credentials

BUCKET = "contract"
s3 = boto3.client("s3")


@check("creates, finds and lists a bucket")
def bucket():
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.get_waiter("bucket_exists").wait(Bucket=BUCKET, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    contains([item["Name"] for item in s3.list_buckets()["Buckets"]], BUCKET)
    equal(s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"], "us-west-2")
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": "us-west-2"})


@check("returns an object with its metadata, ETag and checksum")
def put_get():
    body = b"some text"
    put = s3.put_object(Bucket=BUCKET, Key="a/key", Body=body, ContentType="text/plain", Metadata={"team": "red"},
                        ChecksumAlgorithm="SHA256")
    equal(put["ChecksumSHA256"], base64.b64encode(hashlib.sha256(body).digest()).decode())
    got = s3.get_object(Bucket=BUCKET, Key="a/key", ChecksumMode="ENABLED")
    equal(got["Body"].read(), body)
    equal(got["ContentType"], "text/plain")
    equal(got["Metadata"], {"team": "red"})
    equal(got["ETag"], f'"{hashlib.md5(body).hexdigest()}"')
    equal(s3.get_object(Bucket=BUCKET, Key="a/key", Range="bytes=5-")["Body"].read(), b"text")
    equal(s3.head_object(Bucket=BUCKET, Key="a/key")["ContentLength"], len(body))
    s3.get_waiter("object_exists").wait(Bucket=BUCKET, Key="a/key", WaiterConfig={"Delay": 1, "MaxAttempts": 2})


@check("accepts a body in signed chunks with a trailing checksum")
def stream():
    body = bytes(range(256)) * 1000
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        s3.upload_fileobj(io.BytesIO(body), BUCKET, "streamed", ExtraArgs={"ChecksumAlgorithm": algorithm})
        equal(s3.get_object(Bucket=BUCKET, Key="streamed")["Body"].read(), body)


@check("accepts multipart uploads of boto3's transfer manager and the AWS CLI")
def multipart():
    body = os.urandom(20 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "large/boto3", ExtraArgs={"Metadata": {"team": "red"}})
    contains(s3.head_object(Bucket=BUCKET, Key="large/boto3")["ETag"], "-3")
    got = io.BytesIO()
    s3.download_fileobj(BUCKET, "large/boto3", got)
    equal(got.getvalue() == body, True)
    s3.copy({"Bucket": BUCKET, "Key": "large/boto3"}, BUCKET, "large/copy")
    equal(s3.head_object(Bucket=BUCKET, Key="large/copy")["Metadata"], {"team": "red"})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "sent")
        path.write_bytes(body)
        for source, target in ((path, f"s3://{BUCKET}/large/cli"), (f"s3://{BUCKET}/large/cli", f"{path}-back")):
            subprocess.run(["aws", "s3", "cp", "--quiet", str(source), str(target)], check=True, timeout=60)
        equal(pathlib.Path(f"{path}-back").read_bytes() == body, True)
    contains(s3.head_object(Bucket=BUCKET, Key="large/cli")["ETag"], "-3")
    equal("Uploads" in s3.list_multipart_uploads(Bucket=BUCKET), False)


@check("keeps object versions and delete markers")
def versions():
    name = f"{BUCKET}-versions"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    first, second = (s3.put_object(Bucket=name, Key="versioned", Body=body)["VersionId"] for body in (b"1", b"2"))
    equal(s3.get_object(Bucket=name, Key="versioned", VersionId=first)["Body"].read(), b"1")
    marker = s3.delete_object(Bucket=name, Key="versioned")["VersionId"]
    refused("NoSuchKey", s3.get_object, Bucket=name, Key="versioned")
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=name, Prefix="versioned",
                                                                   PaginationConfig={"PageSize": 1}))
    found = [item["VersionId"] for page in pages for item in page.get("DeleteMarkers", []) + page.get("Versions", [])]
    equal(found, [marker, second, first])
    deleted = s3.delete_objects(Bucket=name, Delete={"Objects": [
        {"Key": "versioned", "VersionId": version} for version in found]})["Deleted"]
    equal([item.get("DeleteMarker", False) for item in deleted], [True, False, False])
    s3.delete_bucket(Bucket=name)


@check("distinguishes keys that need encoding in URLs")
def odd_keys():
    keys = ["dot/../dots", "double//slash", "space and+plus", "percent%20", "ümläut/€", "quote'\"<&>", "trailing/"]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    for key in keys:
        equal(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), key.encode())
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    equal([key for key in listed if key in keys], sorted(keys, key=str.encode))


@check("lists objects in pages, in both versions, with prefix and delimiter")
def listing():
    for number in range(7):
        s3.put_object(Bucket=BUCKET, Key=f"list/{number % 2}/{number}", Body=b"")
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(s3.get_paginator(operation).paginate(Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 3}))
        equal([len(page["Contents"]) for page in pages], [3, 3, 1])
        grouped = getattr(s3, operation)(Bucket=BUCKET, Prefix="list/", Delimiter="/")
        equal([item["Prefix"] for item in grouped["CommonPrefixes"]], ["list/0/", "list/1/"])


@check("stores tags of objects and buckets")
def tags():
    s3.put_object(Bucket=BUCKET, Key="tagged", Body=b"", Tagging="team=red&stage=a%20b")
    equal({tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"]},
          {"team": "red", "stage": "a b"})
    new = [{"Key": "team", "Value": "blue"}]
    s3.put_object_tagging(Bucket=BUCKET, Key="tagged", Tagging={"TagSet": new})
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], new)
    s3.delete_object_tagging(Bucket=BUCKET, Key="tagged")
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], [])
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": new})
    equal(s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"], new)


@check("manages bucket tags with S3 Control once ABAC is enabled")
def abac():
    name, arn = f"{BUCKET}-abac", f"arn:aws:s3:::{BUCKET}-abac"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_abac(Bucket=name, AbacStatus={"Status": "Enabled"})
    refused("MethodNotAllowed", s3.put_bucket_tagging, Bucket=name, Tagging={"TagSet": []})
    # Hosts of S3 Control begin with the account, so they cannot be resolved here.
    resolve = socket.getaddrinfo
    with unittest.mock.patch("socket.getaddrinfo", lambda host, *rest: resolve(host.removeprefix(f"{ACCOUNT}."), *rest)):
        control = boto3.client("s3control")
        control.tag_resource(AccountId=ACCOUNT, ResourceArn=arn, Tags=[{"Key": "team", "Value": "red"}])
        equal(control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=arn)["Tags"], [{"Key": "team", "Value": "red"}])
        control.untag_resource(AccountId=ACCOUNT, ResourceArn=arn, TagKeys=["team"])
        refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block, AccountId=ACCOUNT)
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=name)
    s3.delete_bucket(Bucket=name)


@check("copies an object")
def copy():
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "a/key"})
    equal(s3.get_object(Bucket=BUCKET, Key="copied")["Body"].read(), b"some text")


@check("accepts presigned URLs, but not changed ones")
def presigned():
    signer = boto3.client("s3", config=botocore.config.Config(signature_version="s3v4"))
    put = signer.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "presigned"})
    urllib.request.urlopen(urllib.request.Request(put, data=b"by URL", method="PUT", headers={"Content-Type": ""}))
    got = signer.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "presigned"}, ExpiresIn=60)
    equal(urllib.request.urlopen(got).read(), b"by URL")
    try:
        urllib.request.urlopen(got.replace("Expires=60", "Expires=600"))
        raise AssertionError("a changed URL was accepted")
    except urllib.error.HTTPError as error:
        equal(error.code, 403)
        contains(error.read().decode(), "<Code>SignatureDoesNotMatch</Code>")


@check("authorizes a session by its identity policy and the bucket policy")
def policies():
    arn = make_role("s3-reader", POD_IDENTITY, allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/a/*"))
    cluster = Cluster("s3")
    reader = with_credentials("s3", cluster.session(arn)["credentials"])
    equal(reader.get_object(Bucket=BUCKET, Key="a/key")["Body"].read(), b"some text")
    answer = refused("AccessDenied", reader.get_object, Bucket=BUCKET, Key="copied")
    contains(answer["Error"]["Message"], "because no identity-based policy allows the s3:GetObject action")
    equal(answer["ResponseMetadata"]["HTTPStatusCode"], 403)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/a/*",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": arn}}}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=document(deny))
    answer = refused("AccessDenied", reader.get_object, Bucket=BUCKET, Key="a/key")
    contains(answer["Error"]["Message"], "with an explicit deny in a resource-based policy")
    s3.delete_bucket_policy(Bucket=BUCKET)
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=BUCKET)
    cluster.delete()


@check("answers invalid calls with the error codes of S3")
def errors():
    refused("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="none")
    refused("404", s3.head_object, Bucket=BUCKET, Key="none")
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="no-such-bucket")
    refused("InvalidRange", s3.get_object, Bucket=BUCKET, Key="a/key", Range="bytes=100-")
    refused("PreconditionFailed", s3.get_object, Bucket=BUCKET, Key="a/key", IfMatch='"x"')
    refused("PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="a/key", Body=b"", IfNoneMatch="*")
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)
    refused("BadDigest", s3.put_object, Bucket=BUCKET, Key="b", Body=b"x",
            ContentMD5=base64.b64encode(hashlib.md5(b"y").digest()).decode())
    forged = boto3.client("s3", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="x")
    refused("SignatureDoesNotMatch", forged.list_buckets)
    unknown = boto3.client("s3", aws_access_key_id="AKIAIOSFODNN7UNKNOWN", aws_secret_access_key="x")
    refused("InvalidAccessKeyId", unknown.list_buckets)


@check("deletes many objects in one call, then the bucket")
def delete():
    s3.delete_object(Bucket=BUCKET, Key="copied")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        keys = [{"Key": item["Key"]} for item in page["Contents"]]
        answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
        equal(sorted(item["Key"] for item in answer["Deleted"]), sorted(item["Key"] for item in keys))
    s3.delete_bucket(Bucket=BUCKET)
    s3.get_waiter("bucket_not_exists").wait(Bucket=BUCKET, WaiterConfig={"Delay": 1, "MaxAttempts": 2})


run()
