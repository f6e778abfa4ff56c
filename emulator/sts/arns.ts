const ROLE_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:[\x21-\x7e]*\/)?([\w+=,.@-]{1,64})$/;

/** Account and name of a role ARN (`arn:aws:iam::<account>:role/<path><name>`); undefined for anything else. */
export function parseRoleArn(arn: string): { readonly accountId: string; readonly name: string } | undefined {
  const [, accountId, name] = ROLE_ARN.exec(arn) ?? [];
  return accountId !== undefined && name !== undefined ? { accountId, name } : undefined;
}
