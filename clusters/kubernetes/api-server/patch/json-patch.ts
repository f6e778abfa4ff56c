import jsonPatch, { type Operation } from 'fast-json-patch';

/** A patch that is malformed or does not apply to the document. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** Applies a JSON Patch (RFC 6902) to a copy of the document. Throws `JsonPatchError`; then nothing has been applied. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new JsonPatchError('a JSON patch is a list of operations');
  try {
    return jsonPatch.applyPatch(document, patch as Operation[], true, false).newDocument;
  } catch (error) {
    throw new JsonPatchError((error as Error).message.split('\n')[0]);
  }
}
