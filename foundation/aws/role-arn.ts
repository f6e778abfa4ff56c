/** Returns the ARN of a session's role without its path, which STS omits (IAM User Guide, "IAM identifiers"). */
export function roleOfSession(sessionArn: string): string | undefined {
  const [, partition, account, role] = /^arn:([\w-]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(sessionArn) ?? [];
  return role === undefined ? undefined : `arn:${partition}:iam::${account}:role/${role}`;
}

/** Returns a role's ARN in the form of `roleOfSession`. */
export const withoutPath = (roleArn: string): string => roleArn.replace(/:role\/.*\//, ':role/');

export const isSessionOf = (sessionArn: string, roleArn: string): boolean =>
  roleOfSession(sessionArn) === withoutPath(roleArn);
