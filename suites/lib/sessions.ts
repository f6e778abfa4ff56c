/** Allowed and denied calls of a session, which the harness makes in place of a pod. */
import { asSession, fails, succeeds } from '../../harness/index.ts';

export type Session = Parameters<typeof asSession>[0];
type Call = Parameters<typeof asSession>[1];

export const may = (session: Session, call: Call, facts?: Parameters<typeof succeeds>[1]) =>
  succeeds(asSession(session, call), facts);
export const mayNot = (session: Session, call: Call, refusal: Parameters<typeof fails>[1]) =>
  fails(asSession(session, call), refusal);
