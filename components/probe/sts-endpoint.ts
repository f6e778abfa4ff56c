/** Returns STS's endpoint (SDKs and Tools Reference Guide, "Service-specific endpoints", "AWS STS Regional endpoints"). */
export const stsEndpoint = ({
  AWS_ENDPOINT_URL_STS,
  AWS_ENDPOINT_URL,
  AWS_REGION = 'us-east-1',
}: Readonly<Record<string, string | undefined>>): URL =>
  new URL(AWS_ENDPOINT_URL_STS ?? AWS_ENDPOINT_URL ?? `https://sts.${AWS_REGION}.amazonaws.com`);
