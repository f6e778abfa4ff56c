import { badRequest, invalid, invalidValue } from '../model/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { applyJsonPatch, JsonPatchError } from '../patch/json-patch.ts';
import { applyMergePatch, isObject } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge.ts';
import { ApiError } from '../model/types.ts';
import type { Change } from './write.ts';

export const APPLY_PATCH = 'application/apply-patch+yaml';

/** Returns the patch for a media type. Throws `ApiError` 415. */
export function patchOf(type: string, body: unknown, kind: ResourceKind, name: string): Change {
  switch (type) {
    case 'application/json-patch+json':
      return (previous) => {
        try {
          return applyJsonPatch(previous, body);
        } catch (error) {
          if (!(error instanceof JsonPatchError)) throw error;
          throw invalid(kind, name, [{ ...invalidValue('patch', '', ''), message: error.message }]);
        }
      };
    case 'application/merge-patch+json':
      if (!isObject(body)) throw badRequest('a merge patch must be an object');
      return (previous) => applyMergePatch(previous, body);
    case 'application/strategic-merge-patch+json':
      return (previous) => applyStrategicMergePatch(previous, body);
    default:
      throw new ApiError(
        415,
        'UnsupportedMediaType',
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, ' +
          `application/merge-patch+json, application/strategic-merge-patch+json, ${APPLY_PATCH}`,
      );
  }
}
