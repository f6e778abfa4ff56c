/** Admission reviews that the webhook accepts, and its responses. */
import { fails, isAbsent, postToWebhook, succeeds, suite } from '../../harness/index.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { ASSOCIATED } from '../lib/worlds.ts';
import { ACCOUNTS, JSON_TYPE, POD, post, review, reviewOf, UID } from './lib/reviews.ts';

const UNSUPPORTED = { by: 'webhook', code: '415', status: 415 } as const;
const PLAIN_TEXT = 'text/plain; charset=utf-8';
const EXPECTED_JSON = 'Invalid Content-Type, expected `application/json`';
const NOT_ALLOWED = { by: 'webhook', code: 'NotAllowed', status: 200 } as const;
/** Returns a review with only a namespace and a pod. */
const bare = (object: object): string => JSON.stringify({ request: { namespace: '<namespace:app>', object } });

type Options = Parameters<typeof postToWebhook>[2];

suite('webhook', ({ scenario }) => {
  const NO_KIND = "couldn't get version/kind; json parse error:";
  const unreadable = (body: string, message: string) => {
    const answered = { allowed: false, uid: '', patched: false, apiVersion: isAbsent };
    const facts = body.includes('AdmissionReview') ? answered : { ...answered, kind: isAbsent };
    return fails(post(body), { ...NOT_ALLOWED, message, facts });
  };
  const unsupported = (type: string, options: Options = {}) =>
    fails(postToWebhook(type, 'a=1', options), {
      ...UNSUPPORTED,
      message: EXPECTED_JSON,
      facts: { contentType: PLAIN_TEXT },
    });
  const faultyForm = (type: string, body: string, options: Options = {}) =>
    fails(postToWebhook(type, body, options), {
      by: 'webhook',
      code: '400',
      status: 400,
      message: '{"error": "error parsing form"}',
    });

  scenario('WH-15', 'the webhook accepts only JSON', {
    source: WEBHOOK_HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(post(review(POD)), { patched: true }),
      fails(postToWebhook('text/plain', review(POD)), { ...UNSUPPORTED, message: EXPECTED_JSON }),
    ],
  });

  scenario('WH-16', 'the webhook denies a review without a request', {
    source: WEBHOOK_HANDLER + ', Handle',
    ...ASSOCIATED,
    probes: [
      succeeds(post(review(POD)), { allowed: true }),
      fails(post(JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' })), {
        ...NOT_ALLOWED,
        message: 'bad content',
      }),
    ],
  });

  scenario('WH-17', 'the response of the webhook has the version and the uid of the review', {
    source: 'Kubernetes documentation, "Dynamic Admission Control", response',
    ...ASSOCIATED,
    probes: ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'].map((apiVersion) =>
      succeeds(post(review(POD, apiVersion)), { apiVersion, uid: UID, patched: true }),
    ),
  });

  scenario('WH-29', 'the webhook denies a pod that it cannot parse', {
    source: WEBHOOK_HANDLER + ', Handle; webhook tests, TestModifierHandler',
    ...ASSOCIATED,
    probes: [
      succeeds(post(review(POD)), { allowed: true }),
      fails(post(review({ ...POD, spec: { containers: 'none' } })), {
        ...NOT_ALLOWED,
        message: 'cannot unmarshal string',
        facts: { uid: UID, patched: false },
      }),
      fails(post('{"kind":'), NOT_ALLOWED),
      fails(postToWebhook('application/json; charset=utf-8', review(POD)), UNSUPPORTED),
    ],
  });

  scenario('WH-32', 'the webhook denies a review that it cannot parse, and gives the reason', {
    source: `${WEBHOOK_HANDLER}, Handle; Kubernetes, apimachinery, pkg/runtime/serializer`,
    ...ACCOUNTS,
    probes: [
      succeeds(post(reviewOf('pi', {})), { allowed: true, patched: true }),
      // The name of a pod and missing fields do not matter.
      succeeds(post(bare({ spec: { serviceAccountName: 'pi' } })), { patched: true }),
      // Only serviceAccountName counts, which the API server fills in.
      ...[{}, { spec: {} }, { spec: { serviceAccount: 'pi' } }].map((pod) =>
        succeeds(post(bare(pod)), { patched: false }),
      ),
      ...['\n ', '\ufeff', '---\n', '--- \n'].map((before) =>
        succeeds(post(`${before}${reviewOf('pi', {})} \n`), { uid: UID, patched: true }),
      ),
      ...['', ' \n', 'null', '{"kind":"AdmissionReview"}', '{"request":null}'].map((body) =>
        unreadable(body, 'bad content'),
      ),
      // Field names of a review are case-sensitive, field names of a pod are not.
      unreadable('{"Request":{"object":{}}}', 'bad content'),
      unreadable('{"request":{}}', 'unexpected end of JSON input'),
      unreadable('{"request":{"object":null}}', 'unexpected end of JSON input'),
      ...['{', '{"kind":', '{"kind":"A",', '{"a":{}'].map((body) =>
        unreadable(body, `${NO_KIND} unexpected end of JSON input`),
      ),
      unreadable('{"apiVersion":5}', `${NO_KIND} json: cannot unmarshal number`),
      unreadable('{"kind":5}', `${NO_KIND} json: cannot unmarshal number`),
      unreadable('[]', `${NO_KIND} json: cannot unmarshal array`),
      unreadable('word', `${NO_KIND} json: cannot unmarshal string`),
      unreadable('{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'),
      unreadable('{"request":"x"}', 'json: cannot unmarshal string into Go struct field AdmissionReview.request'),
      unreadable('{"request":{"object":"x"}}', 'json: cannot unmarshal string into Go value of type v1.Pod'),
      unreadable('{"request":{"object":{"SPEC":1}}}', 'json: cannot unmarshal number into Go struct field Pod.spec'),
    ],
  });

  scenario('WH-33', 'the webhook checks the form of a request, but not its method', {
    source: `${WEBHOOK_HANDLER}, Handle; Go, package net/http, Request.ParseForm`,
    ...ACCOUNTS,
    probes: [
      ...[{}, { method: 'PUT' }, { method: 'DELETE' }, { path: '/mutate?a=%41&b' }].map((options) =>
        succeeds(post(reviewOf('pi', {}), options), { patched: true }),
      ),
      ...[
        'text/plain',
        'application/json; charset=utf-8',
        'application/json;charset="utf-8"',
        'application/json;',
        'Application/JSON',
        'json',
        '',
        'application/x-www-form-urlencoded',
      ].map((type) => unsupported(type)),
      unsupported('a/b/c', { method: 'DELETE' }),
      unsupported('text/plain; a="b;\\"c"; d=e;'),
      unsupported(' text/plain ;a=b'),
      unsupported('text/plain', { method: 'GET' }),
      ...['a/b/c', 'a b', 'application/json; charset'].map((type) => faultyForm(type, 'x')),
      faultyForm('a/b/c', 'x', { method: 'PATCH' }),
      faultyForm('a/b/c', 'x', { method: 'PUT' }),
      faultyForm('application/x-www-form-urlencoded', 'a=1;b=2'),
      faultyForm('Application/X-WWW-Form-Urlencoded; a=b', 'a=%', { method: 'PUT' }),
      faultyForm('application/x-www-form-urlencoded ; a=b', 'a=%2'),
      // The query is parsed first, for every method.
      ...['/mutate?a=1;b=2', '/mutate?a=%zz', '/mutate?a=1&b=%4', '/mutate?%'].flatMap((path) => [
        faultyForm(JSON_TYPE, reviewOf('pi', {}), { path }),
        faultyForm(JSON_TYPE, reviewOf('pi', {}), { path, method: 'DELETE' }),
      ]),
      ...['text/plain; a', 'text/plain; a="b', 'text/', '/plain', 'text/plain; =b'].map((type) =>
        faultyForm(type, 'x'),
      ),
      ...['/', '/mutate/', '/Mutate', '/healthz/'].map((path) =>
        fails(post('{}', { path }), { by: 'webhook', code: '404', message: '404 page not found' }),
      ),
      // The health check accepts any method and body.
      ...(['GET', 'POST'] as const).map((method) =>
        fails(postToWebhook('text/plain', 'x', { path: '/healthz', method }), {
          by: 'webhook',
          status: 200,
          message: 'ok',
          facts: { contentType: PLAIN_TEXT },
        }),
      ),
    ],
  });
});
