/** Something wrong with what the user gave: the command line, the file or a case in it. The message is for the user. */
export class CaseError extends Error {
  override readonly name = 'CaseError';
}
