import type { Bucket, ObjectName, S3Object } from '../world/s3-model.ts';
import { s3Error } from './errors.ts';

/**
 * The object kept under a name. Authorization has seen it; another call may have deleted it since.
 * @throws AwsError `NoSuchKey`
 */
export function storedObject({ objects }: Bucket, name: ObjectName): S3Object {
  const object = objects.get(name);
  if (object === undefined) throw s3Error('NoSuchKey', { Key: name.key });
  return object;
}
