const ROLE_ARN = /^arn:aws[a-z-]*:iam::(?<accountId>\d{12}):role\/(?:[\x21-\x7e]*\/)?(?<name>[\w+=,.@-]{1,64})$/;

/** Parses `arn:aws:iam::<account>:role/<path><name>`, or returns undefined. */
export function parseRoleArn(arn: string): { readonly accountId: string; readonly name: string } | undefined {
  return ROLE_ARN.exec(arn)?.groups as { readonly accountId: string; readonly name: string } | undefined;
}
