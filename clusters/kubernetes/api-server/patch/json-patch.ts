import jsonPatch, { type Operation } from 'fast-json-patch';

export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** Applies a JSON patch to a copy (RFC 6902). Throws `JsonPatchError`. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new JsonPatchError('a JSON patch must be a list of operations');
  try {
    return jsonPatch.applyPatch(document, patch as Operation[], true, false).newDocument;
  } catch (error) {
    throw new JsonPatchError((error as Error).message.split('\n')[0]);
  }
}
