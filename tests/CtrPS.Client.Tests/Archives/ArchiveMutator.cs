using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Tests.Archives;

/// <summary>
/// Makes wrong archives of right ones: each by its number, the same in every run. What is changed in a JSON blob is often sealed again (new digests
/// up to the listing), so that it comes further than to the first hash.
/// </summary>
internal sealed class ArchiveMutator(int seed, IReadOnlyList<byte[]> archives)
{
    private const int Block = 512;
    private const string Marker = "@fuzz@";

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1", "1.5", "1e400", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "17592186044416",
        "\"\"", "\"a\"", "\"\\u0000\"", "\"\\u001b[31m\\n\"", "\"\\ud800\"", "\"../../etc/passwd\"", "\"/etc/passwd\"", "\"UPPER/Case:1\"", "[]",
        "{}", "[null]", "[[]]", "[{}]", "{\"a\":1,\"a\":2}", "\"sha256:0000\"", "\"md5:00000000000000000000000000000000\"",
        "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"", "\"application/vnd.oci.image.index.v1+json\"",
        "\"application/vnd.oci.image.manifest.v1+json\"", "\"application/vnd.oci.image.config.v1+json\"",
        "\"application/vnd.oci.image.layer.v1.tar+gzip\"", "{\"os\":\"linux\",\"architecture\":\"arm64\"}", "{\"os\":\"\",\"architecture\":\"\"}",
        $"\"{new string('x', 5000)}\"", new string('[', 100) + new string(']', 100), new string('[', 3000),
    ];

    private static readonly string[] Names =
    [
        "", ".", "..", "/", "../x", "/etc/passwd", "a/../../b", "./index.json", "index.json", "manifest.json", "oci-layout", "blobs/sha256/",
        "blobs/sha256/0000000000000000000000000000000000000000000000000000000000000000", "a\u001b[31m", new('n', 100), "blobs", "repositories",
    ];

    private static readonly byte[][] Sizes =
    [
        "00000000000\0"u8.ToArray(), "00000000001\0"u8.ToArray(), "77777777777\0"u8.ToArray(), "99999999999\0"u8.ToArray(),
        "-0000000001\0"u8.ToArray(),
        [0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0], [.. new byte[12]], "           \0"u8.ToArray(),
    ];

    private const string Types = "0123456789xgLKSDMNV\0A";

    /// <summary>Archive number so-and-so, and what was done to which.</summary>
    public (byte[] Archive, string Recipe) Make(int number)
    {
        var random = new Random(HashCode(number));
        int from = random.Next(archives.Count);
        List<Item> items = Read(archives[from]);
        var done = new List<string> { $"archive {from}" };
        for (int left = random.Next(1, 4); left > 0; left--)
        {
            done.Add(random.Next(10) switch
            {
                < 5 => ChangeJson(items, random),
                < 7 => ChangeHeader(items, random),
                < 9 => ChangeItems(items, random),
                _ => ChangeContent(items, random),
            });
        }

        byte[] archive = Write(items);
        switch (random.Next(12))
        {
            case 0:
                done.Add("bytes turned over");
                Turn(archive, random, random.Next(1, 9));
                break;
            case 1:
                archive = archive[..random.Next(archive.Length)];
                done.Add($"cut to {archive.Length}");
                break;
            case 2:
                archive = Splice(archive, random);
                done.Add("a piece moved");
                break;
            case 3 or 4:
                archive = Pack(archive);
                done.Add("packed");
                if (random.Next(2) == 0)
                {
                    Turn(archive, random, 1);
                    archive = archive[..random.Next(archive.Length / 2, archive.Length + 1)];
                    done.Add($"a bit turned over, cut to {archive.Length}");
                }

                break;
            default:
                break;
        }

        return (archive, string.Join(", ", done));
    }

    private int HashCode(int number) => unchecked((seed * 1_000_003) + (number * 7919));

    private static List<Item> Read(byte[] tar)
    {
        var items = new List<Item>();
        for (int at = 0; tar.AsSpan(at, Block).ContainsAnyExcept((byte)0);)
        {
            byte[] header = tar[at..(at + Block)];
            int size = Convert.ToInt32(Encoding.ASCII.GetString(header, 124, 11).Trim(' ', '\0'), 8);
            items.Add(new Item(header, tar[(at + Block)..(at + Block + size)]));
            at += Block + ((size + Block - 1) / Block * Block);
        }

        return items;
    }

    private static byte[] Write(List<Item> items)
    {
        using var tar = new MemoryStream();
        foreach (Item item in items)
        {
            tar.Write(item.Header);
            tar.Write(item.Content);
            tar.Write(new byte[(Block - (item.Content.Length % Block)) % Block]);
        }

        tar.Write(new byte[2 * Block]);
        return tar.ToArray();
    }

    private static string ChangeJson(List<Item> items, Random random)
    {
        Item[] documents = [.. items.Where(item => item.IsJson)];
        if (documents.Length == 0)
        {
            return "no JSON left";
        }

        Item document = documents[random.Next(documents.Length)];
        string before = Digest(document.Content);
        string value = Values[random.Next(Values.Length)];
        string what;
        try
        {
            JsonNode root = JsonNode.Parse(document.Content)!;
            List<JsonNode> places = [.. Below(root)];
            JsonNode place = places[random.Next(places.Count)];
            what = $"{place.GetPath()} of {document.Name} {Change(root, place, value, random, out string text)}";
            document.SetContent(Encoding.UTF8.GetBytes(text));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            document.SetContent([.. document.Content, .. Encoding.UTF8.GetBytes(value)]); // changed before, and no JSON any more
            what = $"{document.Name} followed by {value}";
        }

        if (random.Next(4) > 0)
        {
            Seal(items, before, document, depth: 0);
            what += ", sealed";
        }

        return what;
    }

    private static string Change(JsonNode root, JsonNode place, string value, Random random, out string text)
    {
        switch (place.Parent)
        {
            case JsonObject fields when random.Next(4) == 0:
                string key = place.GetPropertyName();
                text = Raw(root, () => fields[Marker + key] = Marker, value).Replace($"\"{Marker}{key}\":", $"\"{key}\":", StringComparison.Ordinal);
                return "stands twice, then as " + Short(value);
            case JsonObject fields when random.Next(4) == 0:
                _ = fields.Remove(place.GetPropertyName());
                text = root.ToJsonString();
                return "is gone";
            case JsonArray list when random.Next(3) == 0:
                int count = random.Next(1, 700);
                for (int i = 0; i < count; i++)
                {
                    list.Add(place.DeepClone());
                }

                text = root.ToJsonString();
                return $"stands {count + 1} times";
            case null:
                text = value;
                return "is " + Short(value);
            default:
                text = Raw(root, () => place.ReplaceWith(Marker), value);
                return "is " + Short(value);
        }
    }

    private static string Raw(JsonNode root, Action mark, string value)
    {
        mark();
        return root.ToJsonString().Replace($"\"{Marker}\"", value, StringComparison.Ordinal);
    }

    private static string Short(string value) => value.Length > 60 ? value[..60] + "..." : value;

    private static IEnumerable<JsonNode> Below(JsonNode node)
    {
        yield return node;
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject fields => fields.Select(field => field.Value),
            JsonArray list => list,
            _ => [],
        };
        foreach (JsonNode below in children.OfType<JsonNode>().SelectMany(Below))
        {
            yield return below;
        }
    }

    /// <summary>Gives a changed blob its new digest, wherever it is named, and then those that name it.</summary>
    private static void Seal(List<Item> items, string before, Item changed, int depth)
    {
        string after = Digest(changed.Content);
        if (depth > 8 || after == before)
        {
            return;
        }

        changed.Rename(changed.Name.Replace(before, after, StringComparison.Ordinal));
        foreach (Item other in items.Where(item => item.IsJson && item != changed).ToArray())
        {
            string text = Encoding.UTF8.GetString(other.Content);
            if (text.Contains(before, StringComparison.Ordinal))
            {
                string old = Digest(other.Content);
                other.SetContent(Encoding.UTF8.GetBytes(Refer(text, before, after, changed.Content.Length)));
                Seal(items, old, other, depth + 1);
            }
        }
    }

    private static string Refer(string text, string before, string after, int size)
    {
        text = text.Replace(before, after, StringComparison.Ordinal);
        try
        {
            JsonNode root = JsonNode.Parse(text)!;
            foreach (JsonObject descriptor in Below(root).OfType<JsonObject>().Where(fields => fields.ContainsKey("size")))
            {
                if (descriptor["digest"] is JsonValue digest && digest.ToString().EndsWith(after, StringComparison.Ordinal))
                {
                    descriptor["size"] = size;
                }
            }

            return root.ToJsonString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return text; // no JSON any more
        }
    }

    private static string ChangeHeader(List<Item> items, Random random)
    {
        Item item = items[random.Next(items.Count)];
        string what;
        switch (random.Next(6))
        {
            case 0:
                Sizes[random.Next(Sizes.Length)].CopyTo(item.Header, 124);
                what = "another size";
                break;
            case 1:
                item.Header[156] = (byte)Types[random.Next(Types.Length)];
                what = $"type {(char)item.Header[156]}";
                break;
            case 2:
                item.Put(0, 100, Names[random.Next(Names.Length)]);
                what = "another name";
                break;
            case 3:
                item.Put(157, 100, Names[random.Next(Names.Length)]);
                item.Header[156] = (byte)"12"[random.Next(2)];
                what = "a link";
                break;
            case 4:
                item.Put(345, 155, Names[random.Next(Names.Length)]);
                what = "a prefix";
                break;
            default:
                item.Header[random.Next(Block)] = (byte)random.Next(256);
                what = "a byte";
                break;
        }

        if (random.Next(8) > 0)
        {
            item.Sum();
        }

        return $"{what} in the header of {item.Name}";
    }

    private static string ChangeItems(List<Item> items, Random random)
    {
        int at = random.Next(items.Count);
        switch (random.Next(6))
        {
            case 0:
                Item gone = items[at];
                _ = items.Count > 1 && items.Remove(gone);
                return $"without {gone.Name}";
            case 1:
                items.Insert(random.Next(items.Count + 1), items[at].Copy());
                return $"{items[at].Name} twice";
            case 2:
                (items[0], items[at]) = (items[at], items[0]);
                return $"{items[0].Name} first";
            case 3:
                string record = $" {(random.Next(2) == 0 ? "path" : "GNU.sparse.name")}={Names[random.Next(Names.Length)]}\n";
                int length = random.Next(3) == 0 ? random.Next(int.MaxValue) : record.Length + (record.Length < 98 ? 2 : 3);
                items.Insert(at, Item.Of("PaxHeaders/x", 'x', Encoding.UTF8.GetBytes(length.ToString(CultureInfo.InvariantCulture) + record)));
                return $"a pax record before {items[at].Name}";
            case 4:
                items.Insert(at, Item.Of("././@LongLink", "LK"[random.Next(2)], Encoding.UTF8.GetBytes(Names[random.Next(Names.Length)])));
                return "a long name";
            default:
                var link = Item.Of(Names[random.Next(Names.Length)], "12"[random.Next(2)], []);
                link.Put(157, 100, random.Next(2) == 0 ? items[at].Name : Names[random.Next(Names.Length)]);
                link.Sum();
                items.Insert(random.Next(items.Count + 1), link);
                return $"a link at {link.Name}";
        }
    }

    private static string ChangeContent(List<Item> items, Random random)
    {
        Item item = items[random.Next(items.Count)];
        byte[] content = [.. item.Content];
        Turn(content, random, random.Next(1, 5));
        string before = Digest(item.Content);
        item.SetContent(random.Next(3) == 0 ? content[..random.Next(content.Length + 1)] : content);
        if (random.Next(2) == 0)
        {
            Seal(items, before, item, depth: 0);
        }

        return $"bytes of {item.Name}";
    }

    private static void Turn(byte[] bytes, Random random, int count)
    {
        for (int i = 0; i < count && bytes.Length > 0; i++)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }
    }

    private static byte[] Splice(byte[] archive, Random random)
    {
        int length = random.Next(1, 3 * Block);
        int from = random.Next(archive.Length);
        int to = random.Next(archive.Length);
        return [.. archive[..to], .. archive[from..Math.Min(archive.Length, from + length)], .. archive[to..]];
    }

    private static byte[] Pack(byte[] archive)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(archive);
        }

        return packed.ToArray();
    }

    private static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>An entry of a tar: its header and what follows.</summary>
    private sealed class Item(byte[] header, byte[] content)
    {
        public byte[] Header { get; } = header;

        public byte[] Content { get; private set; } = content;

        public string Name => Encoding.UTF8.GetString(Header, 0, 100).TrimEnd('\0');

        public bool IsJson => Content is [(byte)'{' or (byte)'[', ..];

        public static Item Of(string name, char type, byte[] content)
        {
            byte[] header = new byte[Block];
            "0000644\0"u8.CopyTo(header.AsSpan(100));
            "ustar\0"u8.CopyTo(header.AsSpan(257));
            "00"u8.CopyTo(header.AsSpan(263));
            header[156] = (byte)type;
            var item = new Item(header, []);
            item.Put(0, 100, name);
            item.SetContent(content);
            return item;
        }

        public Item Copy() => new([.. Header], Content);

        public void Rename(string name)
        {
            Put(0, 100, name);
            Sum();
        }

        public void SetContent(byte[] bytes)
        {
            Content = bytes;
            Put(124, 12, Convert.ToString(bytes.Length, 8).PadLeft(11, '0'));
            Sum();
        }

        public void Put(int at, int room, string text)
        {
            Span<byte> field = Header.AsSpan(at, room);
            field.Clear();
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            bytes.AsSpan(0, Math.Min(room, bytes.Length)).CopyTo(field);
        }

        public void Sum()
        {
            "        "u8.CopyTo(Header.AsSpan(148));
            Put(148, 8, Convert.ToString(Header.Sum(one => one), 8).PadLeft(6, '0') + "\0 ");
        }
    }
}
