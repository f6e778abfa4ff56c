import type { Bucket, ObjectName, S3Object } from '../world/s3-model.ts';
import { s3Error } from './errors.ts';

/** Throws `NoSuchKey` if the object was deleted after its authorization. */
export function storedObject({ objects }: Bucket, name: ObjectName): S3Object {
  const object = objects.get(name);
  if (object === undefined) throw s3Error('NoSuchKey', { Key: name.key });
  return object;
}
