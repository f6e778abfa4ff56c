import { AwsError } from '../core/errors.ts';

export function noSuchBucket(bucketName: string): AwsError {
  return new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist', { BucketName: bucketName });
}

export function bucketAlreadyExists(bucketName: string): AwsError {
  return new AwsError(
    'BucketAlreadyExists',
    409,
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
    { BucketName: bucketName },
  );
}

/** @param deleted whether that is because its newest version is a delete marker */
export function noSuchKey(key: string, deleted = false): AwsError {
  return new AwsError('NoSuchKey', 404, 'The specified key does not exist.', { Key: key }, deleted ? DELETED : {});
}

const DELETED = { 'x-amz-delete-marker': 'true' };

export function noSuchVersion(key: string, versionId: string): AwsError {
  return new AwsError('NoSuchVersion', 404, 'The specified version does not exist.', {
    Key: key,
    VersionId: versionId,
  });
}

export function noSuchUpload(uploadId: string): AwsError {
  return new AwsError(
    'NoSuchUpload',
    404,
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  );
}

export function invalidBucketName(bucketName: string): AwsError {
  return new AwsError('InvalidBucketName', 400, 'The specified bucket is not valid.', { BucketName: bucketName });
}

export function invalidArgument(message: string, name: string, value: string): AwsError {
  return new AwsError('InvalidArgument', 400, message, { ArgumentName: name, ArgumentValue: value });
}

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequest', 400, message);
}

export function preconditionFailed(condition: string): AwsError {
  return new AwsError('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
}

export function methodNotAllowed(
  method: string,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): AwsError {
  const message = 'The specified method is not allowed against this resource.';
  return new AwsError('MethodNotAllowed', 405, message, { Method: method, ...fields }, headers);
}

/** What is asked for is there only as a mark that it was deleted. */
export function isDeleteMarker({ method }: { readonly method: string }): AwsError {
  return methodNotAllowed(method, { ResourceType: 'DeleteMarker' }, DELETED);
}

export function notImplemented(what: string, additionalMessage?: string): AwsError {
  const message = 'A header or query you provided implies functionality that is not implemented';
  return new AwsError('NotImplemented', 501, message, {
    Header: what,
    ...(additionalMessage !== undefined && { additionalMessage }),
  });
}
