import type { StatementExplanation } from './types.ts';

/** How every text names a statement: by its place, counted from 1, and its Sid where it has one. */
export const statementLabel = ({ sid, index }: Pick<StatementExplanation, 'sid' | 'index'>): string =>
  `statement ${index + 1}${sid === undefined || sid === '' ? '' : ` ${JSON.stringify(sid)}`}`;
