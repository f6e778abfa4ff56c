const ROLE_ARN = /^arn:aws[a-z-]*:iam::(?<accountId>\d{12}):role\/(?:[\x21-\x7e]*\/)?(?<name>[\w+=,.@-]{1,64})$/;

/** Account and name of a role ARN (`arn:aws:iam::<account>:role/<path><name>`); undefined for anything else. */
export function parseRoleArn(arn: string): { readonly accountId: string; readonly name: string } | undefined {
  return ROLE_ARN.exec(arn)?.groups as { readonly accountId: string; readonly name: string } | undefined;
}
