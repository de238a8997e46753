import type { Json } from '../json.ts';
import { applyMergePatch } from './merge-patch.ts';

export function applyStrategicMergePatch(document: Json, patch: Json, _model: string): Json {
  return applyMergePatch(document, patch);
}
