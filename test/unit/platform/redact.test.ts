import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../platform/redact.ts';

function redact(text: string, addresses = false): string {
  return new Redactor({ addresses }).redact(text);
}

const secret = 'hunter2-is-my-secret';

describe('secrets', () => {
  it.each([
    [`nats: { servers: ["nats://shunt:${secret}@10.0.0.1:4222"] }`],
    [`nats://${secret}@10.0.0.1:4222`],
    [`password: ${secret}`],
    [`  db_password = "${secret}"`],
    [`{"nats":{"token":"${secret}"}}`],
    [`{"msg":"connect with {\\"password\\":\\"${secret}\\"}"}`],
    [`options: {csum="true", psk="${secret}"}`],
    [`["map",[["csum","true"],["psk","${secret}"]]]`],
    [`OS_PASSWORD='${secret}'`],
    [`Authorization: Bearer ${secret}`],
    [`apiKey=${secret}&x=1`],
    [`client_secret: ${secret}  # rotated`],
  ])('are taken out of %s', (text) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('<redacted>');
  });

  it.each([
    ['an @ in a password', 'nats://shunt:p@ss-w0rd-tail@10.0.0.1:4222/x', 'nats://<redacted>@10.0.0.1:4222/x'],
    ['a quote in a URL', "nats://ann:it's-tail@10.0.0.1:4222 it's", "nats://<redacted>@10.0.0.1:4222 it's"],
    ['a slash in a URL', 'dial nats://ann:x/y-tail@h: no', 'dial nats://<redacted>@h: no'],
    [
      'a list of URLs',
      `["nats://a:x/tail@h1,tls://h2,nats://tail@h3",'nats://b:tail@h4','nats://h5']`,
      `["nats://<redacted>@h1,tls://<redacted>@h3",'nats://<redacted>@h4','nats://h5']`,
    ],
    ['a URL in JSON', '{"a":"nats://ann:x/tail@h","b":"c@d"}', '{"a":"nats://<redacted>@h","b":"c@d"}'],
    ['a flag', 'agent --ovs-db-key-pass it-s,a/tail --mode active', 'agent --ovs-db-key-pass <redacted> --mode active'],
    [
      'a flag with a sign',
      'agent --key-pass=tail --no-token --mode x',
      'agent --key-pass=<redacted> --no-token --mode x',
    ],
    [
      'a flag and quotes',
      `x --nats-token 'a tail' --api-key "b tail" y`,
      `x --nats-token '<redacted>' --api-key "<redacted>" y`,
    ],
    [
      'a flag in JSON',
      '{"cmd":"x --key-pass tail","a":"--token "}',
      '{"cmd":"x --key-pass <redacted>","a":"--token "}',
    ],
    ['a flag in a list', '["x","--key-pass","a tail","y"]', '["x","--key-pass","<redacted>","y"]'],
    ['a word alone', 'lanplus password tail\nand the password ', 'lanplus password <redacted>\nand the password '],
    ['prose', "the password 's tail\nit's <- next", "the password '<redacted>\nit's <- next"],
    ['prose in JSON', '{"a":"no password ","b":"password: tail"}', '{"a":"no password ","b":"password: <redacted>"}'],
    [
      'a block',
      'nats:\n  password: |\n    first-tail\n\n    tail\n  user: ann',
      'nats:\n  password: |\n    <redacted>\n  user: ann',
    ],
    [
      'a folded block in a list',
      '- token: >-  # new\n    tail\n  user: ann',
      '- token: >-  # new\n    <redacted>\n  user: ann',
    ],
    ['a block at the end', 'password: |\r\n  first\r\n  tail', 'password: |\r\n  <redacted>'],
    [
      'a block behind something else',
      'the file says password: |\n  tail\nuser: ann',
      'the file says password: |\n  <redacted>\nuser: ann',
    ],
    ['the next line', 'password:\n  tail\nuser: ann', 'password:\n  <redacted>\nuser: ann'],
    ['an escaped quote', 'password: "it\\"s-tail"\nuser: "ann"', 'password: "<redacted>"\nuser: "ann"'],
    ['an escaped backslash', 'password: "it\\\\" # "tail', 'password: "<redacted>" # "tail'],
    [
      'a quote escaped twice',
      '{"msg":"{\\"token\\":\\"it\\\\\\"s-tail\\",\\"a\\":1}"}',
      '{"msg":"{\\"token\\":\\"<redacted>\\",\\"a\\":1}"}',
    ],
    ['a doubled quote', "password: 'it''s-tail'\nuser: 'ann'", "password: '<redacted>'\nuser: 'ann'"],
    ['a quote of a shell', "OS_PASSWORD='it'\\''s-tail' USER='ann'", "OS_PASSWORD='<redacted>' USER='ann'"],
    ['a comma', 'PGPASSWORD=x,y-tail psql', 'PGPASSWORD=<redacted> psql'],
    ['brackets and more', 'export PGPASSWORD=x;y}z)&"q\'-tail USER=ann', 'export PGPASSWORD=<redacted> USER=ann'],
    ['a comma, in a string', '{"msg":"PGPASSWORD=x,y-tail","level":30}', '{"msg":"PGPASSWORD=<redacted>","level":30}'],
    ['a comma in a plain scalar', 'password: x,y tail # old\nuser: ann', 'password: <redacted> # old\nuser: ann'],
    ['no end', '{"password":"cut sh tail', '{"password":"<redacted>'],
    ['no end, and another line', "a_token: 'cut sh tail\r\nuser: ann", "a_token: '<redacted>\r\nuser: ann"],
    [
      'no end in a string of JSON',
      `{"msg":"bad token: 'cut-tail","why":"it's 'x' "}\n{"a":"'"}`,
      `{"msg":"bad token: '<redacted>","why":"it's 'x' "}\n{"a":"'"}`,
    ],
    ['a quote in another', `{"a":"b"}\npassword: 'it"s", tail' # c`, `{"a":"b"}\npassword: '<redacted>' # c`],
    ['a string of some lines', 'password: "one\n  two\n  tail"\nuser: ann', 'password: "<redacted>"\nuser: ann'],
    ['a map of OVSDB', '["map",[["psk","it\\"s-tail"],["a","b"]]]', '["map",[["psk","<redacted>"],["a","b"]]]'],
  ])('leave no tail: %s', (_what, text, wanted) => {
    expect(redact(text)).toBe(wanted);
  });

  it('are found elsewhere as they are without their escapes, line by line, and without what follows them in a list', () => {
    const redactor = new Redactor({ addresses: false });
    redactor.learn(
      'password: "it\\"s-my-secret"\nb_token: |\n  line-one-is-long\n  line-two-is-long\nURL=x?apiKey=of-the-api&x=1',
    );
    for (const known of ['it"s-my-secret', 'line-two-is-long', 'of-the-api'])
      expect(redactor.redact(`no answer to ${known}, giving up`)).toBe('no answer to <redacted>, giving up');
  });

  it('of URLs and flags are found elsewhere too; what follows a word of prose is not looked for', () => {
    const redactor = new Redactor({ addresses: false });
    redactor.learn(
      "nats://ann:it's-s3cret/pw@10.0.0.1:4222\n'nats://bob:d''or-s3cret@h' --key-pass of-the-key\npassword expired-long-ago",
    );
    for (const known of ["it's-s3cret/pw", "d'or-s3cret", 'of-the-key'])
      expect(redactor.redact(`no answer to ${known}, giving up`)).toBe('no answer to <redacted>, giving up');
    expect(redactor.redact('a lease expired-long-ago')).toBe('a lease expired-long-ago');
  });

  it('take no more than their line where no quote ends them, and nothing from other files', () => {
    const lines = Array.from(
      { length: 4_000 },
      (_, at) => `{"level":30,"time":${at},"msg":"the host is at rest"}\n`,
    ).join('');
    for (const [cut, wanted] of [
      [`{"msg":"nats: bad token: 'abc}\n`, `{"msg":"nats: bad token: '<redacted>\n`],
      [`token='the host is at rest"}\n`, `token='<redacted>\n`],
    ] as const) {
      const redactor = new Redactor({ addresses: false });
      expect(redactor.redact(cut + lines)).toBe(wanted + lines);
      expect(redactor.redact(lines)).toBe(lines);
    }
  });

  it('are taken out over as many lines as a large private key has, and not over any number', () => {
    const key = (count: number) => `${'MHcCAQEEIB'.repeat(6)}\n`.repeat(count);
    expect(redact(`seed: "${key(220)}"\nuser: ann`)).toBe('seed: "<redacted>"\nuser: ann');
    expect(redact(`seed: "${key(300)}"\nuser: ann`)).toContain(`${key(299)}"\nuser: ann`);
  });

  it('of many lines are looked for elsewhere by their first ones, and by none that is too short for a secret', () => {
    const redactor = new Redactor({ addresses: false });
    const line = (at: number) => `line-${String(at).padStart(4, '0')}-of-it`;
    redactor.learn(`token: |\n  {"level":3,\n${Array.from({ length: 90 }, (_, at) => `  ${line(at)}\n`).join('')}`);
    expect(redactor.redact(`{"level":3, ${line(0)} ${line(62)} ${line(63)}`)).toBe(
      `{"level":3, <redacted> <redacted> ${line(63)}`,
    );
  });

  it('are looked for in one pass also where none of very many quotes is ended', () => {
    for (const piece of [`psk='a\n`, `psk="a\n`, `psk='a"\n`, `"psk='a","`, `psk='\\\n`])
      expect(redact(piece.repeat(400_000 / piece.length)).length).toBeGreaterThan(0);
  });

  it('are taken out whole, whatever they are made of and however they are written', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'ab1\\"\'/@,;:#&{}[]()|> '), minLength: 1, maxLength: 24 });
    fc.assert(
      fc.property(odd, (noise) => {
        const value = `q${noise}tail-of-it`;
        for (const text of [
          JSON.stringify({ password: value, user: 'ann' }),
          JSON.stringify({ msg: JSON.stringify({ password: value, user: 'ann' }) }),
          `password: '${value.replaceAll("'", "''")}'`,
          `password: |\n  ${value}\nuser: ann`,
          `PASSWORD=${value.replaceAll(/["' ]/g, '')}`,
          `x --key-pass '${value.replaceAll("'", "'\\''")}' --user ann`,
          ...(/["\s]/.test(value) ? [] : [`nats://shunt:${value}@10.0.0.1`]),
        ]) {
          const out = redact(text);
          expect(out, text).not.toContain('tail-of-it');
          if (text.includes('ann')) expect(out, text).toContain('ann');
        }
      }),
    );
  });

  it('are looked for in one pass: no text, however it is made, takes more than its length', () => {
    const bytes = 50_000; // squared it is more than a test has time for
    for (const piece of [
      'a',
      '-',
      '_.',
      'secret',
      'secret ',
      'secret_',
      'token=/',
      'token="/',
      'token: /',
      'token=\\"/',
      'password="a',
      "psk='a",
      'secret:|\n',
      ' a: token:\n',
      ' x token:\n "a"\n',
      ' a token: |\n x\n',
      'token: |\n\n',
      ' token: |\n',
      'eyJ-',
      'eyJ',
      '://',
      '://a@',
      ',a://',
      ',a://a@',
      'a@://',
      '--',
      '--pass',
      '--pass ',
      '--token a',
      '--token\t"',
      'password ',
      "password 'a\n",
      'password "',
      '-----BEGIN ',
      'basic ',
      '\\',
      '"',
      ' ',
      '\n',
      '1.',
      'a:',
      '"psk",',
      'seed: >\n\n',
    ])
      expect(redact(piece.repeat(bytes / piece.length)).length).toBeGreaterThan(0);
  });

  it('like keys, tokens and seeds are known by their look', () => {
    const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB\n-----END EC PRIVATE KEY-----';
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
    const seed = `SU${'A'.repeat(56)}`;
    const text = `${pem}\n${jwt} ${seed}`;
    const out = redact(text);
    for (const part of ['MHcCAQEEIB', jwt, seed]) expect(out).not.toContain(part);
    expect(redact('-----BEGIN PRIVATE KEY-----\ncut sh'), 'also where the end is cut off').not.toContain('cut sh');
  });

  it('that the configuration gave away are found wherever they stand', () => {
    const redactor = new Redactor({ addresses: false });
    redactor.learn(`nats: { servers: ['nats://shunt:${secret}@n1:4222'] }`);
    expect(redactor.redact(`{"level":"warn","why":"no answer from ${secret}, giving up"}`)).not.toContain(secret);
    expect(redactor.redacted.secrets).toBeGreaterThan(0);
  });

  it('are not seen in what is none: paths, switches, numbers, lists, and what an operator has to read', () => {
    for (const text of [
      'nbTls: { key: /etc/shunt/nb.key, cert: /etc/shunt/nb.pem }',
      'private_key: /etc/openvswitch/sc-privkey.pem',
      'key=flow options : {remote_ip="flow"}',
      'tokens: 12',
      '{\n  "token": null,\n  "seed": 12\n}',
      'credentials:\n  user: ann\n  host: ctl1\nsecrets:\n- name: a',
      'password:\nuser: ann',
      'keys: [a, b]',
      'ada@ctl1,nats://h1:4222,tls://h2',
      'attempt 3 reverted: g1-1 does not answer; shunt retry hv3',
    ])
      expect(redact(text)).toBe(text);
  });
});

describe('addresses', () => {
  it('stay unless they are asked to go, and then the same one is the same word', () => {
    const text = 'fa:16:3e:00:00:01 10.7.0.11 fd00::7 fa:16:3e:00:00:02 10.7.0.11/24 10.7.0.11:80';
    expect(redact(text)).toBe(text);
    const out = redact(text, true);
    const [mac1, ip, ip6, mac2, net, port] = out.split(' ');
    expect(out).not.toMatch(/fa:16|10\.7|fd00/);
    expect([mac1 === mac2, net, port]).toEqual([false, `${ip}/24`, `${ip}:80`]);
    expect(ip6).toMatch(/^ip6-/);
  });

  it('are not seen in times, hashes, UUIDs and versions', () => {
    const text = '2026-03-01T10:00:00.000Z 12:30:00 8f14e45f-ceea-4e7a-9c1b-000000000001 OVS 3.1.0 v0.1.0';
    expect(redact(text, true)).toBe(text);
  });

  it('leave none of a random one behind', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), fc.string(), (four, six, noise) => {
        const out = redact(`${noise} ${four} [${four}] ip=${four}, ${six} `, true);
        expect(out.slice(noise.length)).not.toContain(four);
        if (six !== '::' && six.includes('::') && /^[0-9a-f:]+$/.test(six))
          expect(out.slice(noise.length)).not.toContain(` ${six} `);
      }),
    );
  });

  it('become the same words in two bundles with one salt', () => {
    const [a, b] = ['s', 's'].map((salt) => new Redactor({ addresses: true, salt }).redact('10.0.0.1'));
    expect(a).toBe(b);
  });
});
