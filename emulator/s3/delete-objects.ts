import { deleteObjectAction } from '../../identity/s3.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { listOf, objectOf, textOf } from '../../foundation/node/json.ts';
import { bucketOf, checkVersionId, demandOnObject } from './authorize.ts';
import type { Handler, S3Call } from './call.ts';
import { checkDeleteCondition } from './conditions.ts';
import { invalidRequest, notImplemented, s3Error } from './errors.ts';
import { checkIntegrity } from './integrity.ts';
import { nextVersionId, type Bucket, type ObjectName } from '../world/s3-model.ts';
import { demandComparison } from './write-object.ts';
import { parseXml, xmlAnswer } from './xml.ts';
import type { XmlStructure } from '../query/xml.ts';

const MOST_KEYS = 1000;

interface Deletion extends ObjectName {
  readonly ifMatch: string | undefined;
}

export const deleteObject: Handler = (call) => {
  const bucket = bucketOf(call);
  const { headers } = call.request;
  for (const header of ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size']) {
    if (headers[header] !== undefined) throw notImplemented(header);
  }
  checkVersionId(bucket, call.versionId);
  const deletion = { key: call.key, versionId: call.versionId, ifMatch: headers['if-match'] };
  demandDelete(call, bucket, deletion);
  return { status: 204, headers: remove(bucket, deletion, call.request.time) };
};

/** Authorizes each key separately (S3 API Reference, DeleteObjects). */
export const deleteObjects: Handler = (call) => {
  const bucket = bucketOf(call);
  const checksum = checkIntegrity(call.request);
  if (checksum === undefined && call.request.headers['content-md5'] === undefined) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const { deletions, quiet } = readDocument(call.request.body);
  const outcomes = attempt(deletions, (deletion) => {
    demandDelete(call, bucket, deletion);
    const { key, versionId } = deletion;
    // Recorded on AWS by LocalStack (test_delete_objects_versioned). An impossible id also counts as a missing version.
    if (versionId !== undefined) {
      // A repeated deletion succeeds, as in DeleteObject.
      const { objects } = bucket;
      const isKnown = versionId === 'null' || objects.find(deletion) !== undefined || objects.wasRemoved(deletion);
      if (!isKnown) throw s3Error('NoSuchVersion', { Key: key, VersionId: versionId });
    }
    return {};
  });
  const allowed = outcomes.done.map(([deletion]) => deletion);
  const { done, errors } = attempt(allowed, (deletion) => remove(bucket, deletion, call.request.time));
  return xmlAnswer('DeleteResult', {
    Deleted: quiet ? [] : done.map(([deletion, headers]) => deletedElement(deletion, headers)),
    Error: [...outcomes.errors, ...errors],
  });
};

/** Demands permission to delete. A missing object is no error. */
function demandDelete(call: S3Call, bucket: Bucket, { ifMatch, ...name }: Deletion): void {
  const { action, keys } = deleteObjectAction(ifMatch);
  demandOnObject(call, bucket, name, action, keys);
  demandComparison(call, bucket, name.key, ifMatch);
}

/**
 * Deletes a version or adds a delete marker (S3 User Guide, "Working with delete markers"). Returns the headers. Throws
 * `NoSuchKey` or `PreconditionFailed`.
 */
function remove(bucket: Bucket, { key, versionId, ifMatch }: Deletion, time: number): Headers {
  const { objects, versioning } = bucket;
  checkDeleteCondition(ifMatch, key, objects.get({ key }));
  if (versionId === undefined && versioning !== undefined) {
    const marker = { key, versionId: nextVersionId(bucket), lastModified: time, deleteMarker: true } as const;
    objects.put(marker);
    return { 'x-amz-version-id': marker.versionId, 'x-amz-delete-marker': 'true' };
  }
  const removed = objects.remove(key, versionId ?? 'null');
  if (versionId === undefined || versioning === undefined) return {};
  const wasMarker = removed !== undefined && 'deleteMarker' in removed;
  return { 'x-amz-version-id': versionId, ...(wasMarker && { 'x-amz-delete-marker': 'true' }) };
}

function deletedElement({ key, versionId }: Deletion, headers: Headers): XmlStructure {
  const marker = headers['x-amz-delete-marker'];
  return {
    Key: key,
    VersionId: versionId,
    DeleteMarker: marker,
    DeleteMarkerVersionId: marker === undefined ? undefined : headers['x-amz-version-id'],
  };
}

type Headers = Readonly<Record<string, string>>;

/** Handles keys in order. Reports errors per key, but a server error ends the call. Returns headers and errors. */
function attempt(deletions: readonly Deletion[], one: (deletion: Deletion) => Headers) {
  const done: (readonly [Deletion, Headers])[] = [];
  const errors: XmlStructure[] = [];
  for (const deletion of deletions) {
    try {
      done.push([deletion, one(deletion)]);
    } catch (error) {
      if (!(error instanceof AwsError) || error.status >= 500) throw error;
      errors.push({ Key: deletion.key, VersionId: deletion.versionId, Code: error.code, Message: error.message });
    }
  }
  return { done, errors };
}

/** Reads the body. The API model requires an object, and a key in each. */
function readDocument(body: Buffer): { readonly deletions: readonly Deletion[]; readonly quiet: boolean } {
  const { Object: objects, Quiet } = parseXml(body, 'Delete');
  const deletions = listOf(objects).map((object) => {
    const { Key, VersionId, ETag } = objectOf(object);
    if (typeof Key !== 'string') throw s3Error('MalformedXML');
    return { key: Key, versionId: textOf(VersionId), ifMatch: textOf(ETag) };
  });
  if (deletions.length > MOST_KEYS) throw s3Error('MalformedXML');
  return { deletions, quiet: Quiet === 'true' };
}
