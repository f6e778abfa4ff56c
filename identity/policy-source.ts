import { compilePolicy, type CompiledPolicy, type OrganizationLevel, type PolicyKind } from './policy/index.ts';

/** A policy that decides, or one that decides but could not be read. */
export interface PolicySource {
  readonly kind: PolicyKind;
  /** The name in explanations. */
  readonly name: string;
  /** The level of an organization policy, in the order from the root. */
  readonly level?: string;
  /** JSON text; undefined for a policy that could not be read. */
  readonly text?: string;
  /** Why it could not be read, such as `s3:GetBucketPolicy: AccessDenied`. */
  readonly reason?: string;
}

/** Groups organization policies by their levels, in the order of the sources. A level whose policies are all left out restricts nothing. */
export function levelsOf<Source extends PolicySource>(
  sources: readonly Source[],
  kind: 'scp' | 'rcp',
  documentOf: (source: Source) => string | object | undefined,
): readonly OrganizationLevel[] {
  const levels = new Map<string, CompiledPolicy[]>();
  for (const source of sources) {
    const document = source.kind === kind ? documentOf(source) : undefined;
    if (document === undefined) continue;
    const { name, level = '' } = source;
    levels.set(level, [...(levels.get(level) ?? []), compilePolicy(document, { kind, name })]);
  }
  return [...levels].map(([name, policies]) => ({ name, policies }));
}
