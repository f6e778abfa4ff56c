import { KIND_NAMES } from './label.ts';
import type { Decision } from './types.ts';

const ARTICLES: Readonly<Record<string, string>> = { identity: 'an', trust: 'the' };

/**
 * Returns AWS's message (IAM User Guide, "Troubleshoot access denied error messages"). Only S3 quotes the resource. STS
 * does not name a trust policy that lacks an Allow. Callers of other accounts only get `Access Denied`.
 */
export function accessDeniedMessage(
  principalArn: string,
  action: string,
  resource: string,
  decision: Pick<Decision, 'value' | 'deniedBy'>,
): string {
  const quotes = action.startsWith('s3:') ? '"' : '';
  const on = resource === '*' ? '' : ` on resource: ${quotes}${resource}${quotes}`;
  const kind = decision.deniedBy ?? 'identity';
  let because = '';
  if (decision.value === 'explicitlyDenied')
    because = ` with an explicit deny in ${ARTICLES[kind] ?? 'a'} ${KIND_NAMES[kind]}`;
  else if (kind !== 'trust') because = ` because no ${KIND_NAMES[kind]} allows the ${action} action`;
  return `User: ${principalArn} is not authorized to perform: ${action}${on}${because}`;
}
