import { firstCsvRecord } from '../../go/text.ts';
import type { Pod } from './pod-type.ts';

/** The containers that the pod's annotation `<prefix>/skip-containers` names; none when its value cannot be read. */
export function containersToSkip(pod: Pod, annotationPrefix: string): ReadonlySet<string> {
  const annotation = pod.metadata?.annotations?.[`${annotationPrefix}/skip-containers`];
  return new Set(annotation === undefined ? [] : firstCsvRecord(annotation));
}
