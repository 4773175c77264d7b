/** A page of a listing read without the SDK: what is plain comes as it was written, and nothing else is guessed at. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainListing } from '../../../functions/velero/store/s3-listing.ts';
import fc from '../../fuzz.ts';

const at = '2026-11-24T03:00:00.000Z';
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const entry = (key: string, more = ''): string =>
  `<Contents><Key>${escaped(key)}</Key><LastModified>${at}</LastModified><ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>7</Size>${more}</Contents>`;
const page = (inside: string, isTruncated = 'false'): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>velero</Name><Prefix/><KeyCount>1</KeyCount><IsTruncated>${isTruncated}</IsTruncated>${inside}</ListBucketResult>`;

describe('a plain page', () => {
  test('has its objects, and where it goes on', () => {
    const text = page(
      `<NextContinuationToken>a&amp;b</NextContinuationToken>\n  ${entry('a')}${entry('b', '<Owner><ID>x</ID></Owner><StorageClass>GLACIER</StorageClass><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>')}`,
      'true',
    );
    const object = { Size: 7, ETag: '"e"', LastModified: new Date(at) };
    assert.deepEqual(plainListing(text), {
      Contents: [
        { Key: 'a', ...object },
        { Key: 'b', ...object, StorageClass: 'GLACIER' },
      ],
      IsTruncated: true,
      NextContinuationToken: 'a&b',
    });
    assert.deepEqual(plainListing(page('')), { Contents: [], IsTruncated: false });
  });

  test('has keys of any characters', () => {
    const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.array(key), (keys) => {
        const read = plainListing(page(keys.map((each) => entry(each)).join('')));
        assert.deepEqual(
          read?.Contents?.map(({ Key }) => Key),
          keys,
        );
      }),
    );
  });
});

describe('for the SDK to read is', () => {
  const others: Readonly<Record<string, string>> = {
    'an error that comes with 200': '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>',
    'a page that was cut': page(entry('a')).slice(0, -20),
    'a page that does not say whether there is more': page(entry('a'), ''),
    'a key in CDATA': page(entry('a').replace('>a<', '><![CDATA[a]]><')),
    'a comment': page(`<!-- ${entry('a')} -->`),
    'a character by its number': page(entry('a').replace('>a<', '>a&#13;<')),
    'an entry with an attribute': page(entry('a').replace('<Contents>', '<Contents x="1">')),
    'another prefix of names': page(entry('a').replaceAll('Contents>', 's3:Contents>')),
    'an entry without a key': page(entry('a').replace('<Key>a</Key>', '')),
    'a size that is none': page(entry('a').replace('>7<', '>many<')),
    'a time that is none': page(entry('a').replace(at, 'yesterday')),
    'a page with folders': page('<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>'),
    'no XML': 'ok',
    nothing: '',
  };
  for (const [what, text] of Object.entries(others)) test(what, () => assert.equal(plainListing(text), undefined));
});
