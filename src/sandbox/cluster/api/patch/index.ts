import { badRequest, unsupportedMediaType } from '../api-error.ts';
import { isObject, type Json } from '../json.ts';
import type { ResourceKind } from '../kinds/kind.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

/**
 * The patch function of a media type for objects of a kind (`model` names their shape; custom resources have none and
 * take no strategic patch). Throws 415 for other types, 400 and 422 for patches that do not fit.
 */
export function patcherOf(
  mediaType: string,
  kind: ResourceKind,
  model: string | undefined,
): (document: Json, patch: Json) => Json {
  if (mediaType === JSON_PATCH) return applyJsonPatch;
  if (mediaType === MERGE_PATCH) return (document, patch) => applyMergePatch(document, objectPatch(patch));
  if (mediaType === STRATEGIC_PATCH && model !== undefined)
    return (document, patch) => applyStrategicMergePatch(document, objectPatch(patch), model);
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(model === undefined ? [] : [STRATEGIC_PATCH])].join(', ');
  throw unsupportedMediaType(
    `the body of the request was in an unknown format (${mediaType || 'none'}) - accepted media types include: ${accepted}`,
  );
}

function objectPatch(patch: Json): Json {
  if (!isObject(patch)) throw badRequest('the patch must be a JSON object');
  return patch;
}
