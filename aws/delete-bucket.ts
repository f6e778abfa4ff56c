import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Deletes a bucket with its policy and objects. Throws S3's errors, or an error that names an undeletable object. */
export async function deleteBucket(s3: S3Client, Bucket: string): Promise<void> {
  // The policy may deny later calls.
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) break;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })), Quiet: true } }),
    );
    if (Errors[0] !== undefined)
      throw new Error(`object ${Errors[0].Key} cannot be deleted: ${Errors[0].Code} ${Errors[0].Message}`);
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
}
