/** Checks of bucket `data` with the SDK and the credentials of the harness. */
import { S3 } from '@aws-sdk/client-s3';
import { check, type CheckContext } from '../../../harness/index.ts';

type Run = (s3: S3, bucket: { readonly Bucket: string }, context: CheckContext) => Promise<void>;
export const checkBucket = (title: string, run: Run) =>
  check(title, async (context) =>
    run(new S3(await context.aws('s3')), { Bucket: context.name('<bucket:data>') }, context),
  );
