/** Relays STS and S3. Records the signers, and forwards requests or answers them by script. */
import type { Facts, ScriptedAnswer } from '../../../foundation/protocols/client-run.ts';
import { element } from '../../../foundation/aws/xml.ts';
import { stsEndpoint } from '../sts-endpoint.ts';
import { byScript, passOn, type Received, type Reply, type Script } from './endpoint.ts';
import type { Names } from './names.ts';
import { objectReply } from './object.ts';

const HOUR = 3600;
const SOURCE = 'web-identity';

/** Amazon S3 API Reference, "Error responses". */
const EXPIRED_TOKEN: Reply = {
  status: 400,
  headers: { 'content-type': 'application/xml' },
  body: '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>',
};

interface Upstreams {
  readonly sts: URL;
  /** Undefined if S3 cannot be relayed, because signatures cover the Host and TLS hides requests. */
  readonly s3: URL | undefined;
}

export function upstreams(environment: NodeJS.ProcessEnv): Upstreams {
  const { AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_S3: s3 = all } = environment;
  return {
    sts: stsEndpoint(environment),
    s3: s3?.startsWith('http:') ? new URL(s3) : undefined,
  };
}

export class Aws {
  readonly #names: Names;
  readonly #scripts: { readonly sts: Script; readonly s3: Script };
  readonly #upstreams: Upstreams;
  readonly #signed: string[] = [];
  readonly #tokens: string[] = [];
  readonly #sessionNames: string[] = [];
  #unsigned = 0;
  #granted = 0;
  #expired = 0;
  #region = '';
  #clockSeconds = 0;

  constructor(names: Names, scripts: { readonly sts: Script; readonly s3: Script }, upstreams: Upstreams) {
    this.#names = names;
    this.#scripts = scripts;
    this.#upstreams = upstreams;
  }

  readonly handle = async (request: Received): Promise<Reply> => {
    // Some clients put the form of STS's query protocol in the URL of a POST.
    const forms = [request.target.split('?')[1], request.body.toString()].map((text) => new URLSearchParams(text));
    const form = forms.find((one) => one.has('Action')) ?? new URLSearchParams();
    const action = form.get('Action');
    if (action === 'AssumeRoleWithWebIdentity') return this.#assumeRole(request, form);
    if (action !== null) return passOn(this.#upstreams.sts, request);
    const reply = await this.#object(request);
    if (reply.status >= 200 && reply.status < 300) this.#granted += 1;
    return reply;
  };

  facts(): Facts {
    const token = this.#tokens.at(-1);
    return {
      signed: [...new Set(this.#signed)].join() || 'nothing',
      's3.requests': this.#signed.length + this.#unsigned,
      's3.unsigned': this.#unsigned,
      's3.granted': this.#granted,
      expired: this.#expired,
      ...(this.#region !== '' && { 's3.region': this.#region, 's3.clockSeconds': this.#clockSeconds }),
      'sts.requests': this.#tokens.length,
      ...(token !== undefined && {
        'sts.tokens': [...new Set(this.#tokens)].join(),
        'sts.lastToken': token,
        'sts.sessionNames': [...new Set(this.#sessionNames)].join(),
      }),
    };
  }

  async #assumeRole(request: Received, form: URLSearchParams): Promise<Reply> {
    this.#tokens.push(this.#names.tokenOf(form.get('WebIdentityToken') ?? undefined));
    this.#sessionNames.push(form.get('RoleSessionName') ?? '');
    return byScript(this.#scripts.sts.next() ?? {}, (answer) =>
      answer.from === 'upstream' ? this.#upstream(request, answer) : this.#session(answer, form),
    );
  }

  async #upstream(request: Received, { lifeSeconds }: ScriptedAnswer): Promise<Reply> {
    const { sts } = this.#upstreams;
    const answer = await passOn(sts, request, { host: sts.host, 'accept-encoding': 'identity' });
    const text = answer.body.toString();
    const textOf = (name: string): string => element(text, name) ?? '';
    const expires = lifeSeconds === undefined ? Date.parse(textOf('Expiration')) : Date.now() + lifeSeconds * 1000;
    if (answer.status !== 200) return answer;
    this.#names.addKey(textOf('AccessKeyId'), SOURCE, expires);
    const renewed = `<Expiration>${new Date(expires).toISOString()}</Expiration>`;
    return { ...answer, body: text.replace(/<Expiration>[^<]*<\/Expiration>/, renewed) };
  }

  async #session({ lifeSeconds = HOUR }: ScriptedAnswer, form: URLSearchParams): Promise<Reply> {
    const expires = Date.now() + lifeSeconds * 1000;
    const { id, secret, session } = this.#names.makeKey(SOURCE, expires);
    const role = (form.get('RoleArn') ?? '').replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');
    const body = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${session}</SessionToken><Expiration>${new Date(expires).toISOString()}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:session</AssumedRoleId><Arn>${role}/session</Arn></AssumedRoleUser></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>scripted</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;
    return { status: 200, headers: { 'content-type': 'text/xml' }, body };
  }

  async #object(request: Received): Promise<Reply> {
    const key = this.#signature(request);
    const scripted = this.#scripts.s3.next(false);
    if (scripted !== undefined && scripted.from !== 'upstream')
      return byScript(scripted, async () => objectReply(request));
    if (key !== undefined && key.expires < Date.now()) return EXPIRED_TOKEN;
    if (key?.madeUp || this.#upstreams.s3 === undefined) return objectReply(request);
    return passOn(this.#upstreams.s3, request);
  }

  /** Records the signer and time of a request (Signature Version 4, "Authorization header" and "Query parameters"). */
  #signature({ headers, target }: Received) {
    const query = new URLSearchParams(target.split('?')[1]);
    const credential = /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? query.get('X-Amz-Credential');
    const [id = '', , region = ''] = (credential ?? '').split('/');
    const key = this.#names.keyOf(id);
    const unknown = id === '' ? 'empty key' : 'unknown';
    if (credential === null) this.#unsigned += 1;
    else this.#signed.push(key?.source ?? unknown);
    const signedAt = timeOf(String(headers['x-amz-date'] ?? query.get('X-Amz-Date') ?? ''));
    if (credential !== null) this.#region = region;
    if (signedAt !== undefined) this.#clockSeconds = Math.round((signedAt - Date.now()) / 1000);
    if (key && signedAt !== undefined && signedAt > key.expires) this.#expired += 1;
    return key;
  }
}

/** Converts a time such as `20250101T000000Z` to milliseconds since the epoch. */
function timeOf(basic: string): number | undefined {
  const iso = basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = Date.parse(iso);
  return Number.isNaN(time) ? undefined : time;
}
