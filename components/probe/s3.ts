import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { ProbeResult, S3Operation } from '../../foundation/protocols/probe-protocol.ts';
import { requestOf, type ServiceError } from './service-error.ts';

export const makeClient = (credentials: NonNullable<S3ClientConfig['credentials']>): S3Client =>
  new S3Client({ credentials });

type RespondedRequest = Pick<ServiceError, '$metadata'>;

export async function perform(
  client: S3Client,
  operation: S3Operation,
): Promise<Pick<ProbeResult, 'facts' | 'requestId'>> {
  const { bucket: Bucket } = operation;
  const factsAndRequest = ({ $metadata }: RespondedRequest, facts: Record<string, number | string> = {}) => ({
    facts,
    ...requestOf($metadata),
  });
  switch (operation.do) {
    case 'GetObject': {
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: operation.key }));
      return factsAndRequest(answer, { bytes: (await answer.Body?.transformToByteArray())?.length ?? 0 });
    }
    case 'HeadObject': {
      const answer = await client.send(new HeadObjectCommand({ Bucket, Key: operation.key }));
      return factsAndRequest(answer, { bytes: answer.ContentLength ?? 0 });
    }
    case 'DeleteObject':
      return factsAndRequest(await client.send(new DeleteObjectCommand({ Bucket, Key: operation.key })));
    case 'DeleteObjects': {
      const Objects = operation.keys.map((Key) => ({ Key }));
      const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      const refusals = (answer.Errors ?? []).map(({ Code = '' }) => Code).join();
      return factsAndRequest(answer, { deleted: answer.Deleted?.length ?? 0, refusals });
    }
    case 'GetObjectTagging': {
      const answer = await client.send(new GetObjectTaggingCommand({ Bucket, Key: operation.key }));
      return factsAndRequest(answer, { tags: answer.TagSet?.length ?? 0 });
    }
    case 'PutObject': {
      const tagging = operation.tags && new URLSearchParams(operation.tags).toString();
      return factsAndRequest(
        await client.send(
          new PutObjectCommand({
            Bucket,
            Key: operation.key,
            Body: 'written by a probe',
            ...(tagging !== undefined && { Tagging: tagging }),
            ServerSideEncryption: operation.encryption,
            SSEKMSKeyId: operation.kmsKeyId,
          }),
        ),
      );
    }
    case 'ListObjectsV2': {
      const answer = await client.send(
        new ListObjectsV2Command({ Bucket, ...(operation.prefix !== undefined && { Prefix: operation.prefix }) }),
      );
      return factsAndRequest(answer, { keys: answer.KeyCount ?? 0 });
    }
    case 'HeadBucket':
      return factsAndRequest(await client.send(new HeadBucketCommand({ Bucket })));
  }
}
