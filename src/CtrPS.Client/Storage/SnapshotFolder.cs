using System.Globalization;
using System.Text;
using CtrPS.Client.Formats.Bolt;
using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Storage;

/// <summary>Whose a folder of a snapshotter is, as its own database tells.</summary>
/// <param name="Namespace">The snapshot's namespace.</param>
/// <param name="Key">The snapshot.</param>
/// <param name="IsNewest">Not so where the snapshot was removed and made anew, and the old folder waits for its removal.</param>
internal sealed record SnapshotFolder(string Namespace, string Key, bool IsNewest)
{
    /// <summary>The database's name.</summary>
    public const string Database = "metadata.db";

    /// <summary>
    /// The part of a snapshotter's database that belongs to snapshots (core/snapshots/storage/bolt.go): <c>v1</c>, <c>snapshots</c>, then the name
    /// with the number of the folder.
    /// </summary>
    private static readonly byte[][] _buckets = ["v1"u8.ToArray(), "snapshots"u8.ToArray()];

    /// <summary>The snapshots by the number of their folder. Null: the database cannot be read, so that nothing is said of them.</summary>
    /// <param name="root">The snapshotter's folder.</param>
    public static IReadOnlyDictionary<string, SnapshotFolder>? Read(string root)
    {
        try
        {
            using SafeFileHandle folder = RootedFiles.OpenRoot(root);
            using SafeFileHandle? found = RootedFiles.TryFindBelow(folder, Database);
            if (found is null)
            {
                return null;
            }

            using SafeFileHandle file = RootedFiles.OpenContent(found);
            BoltBucket? bucket = BoltFile.Read(file, (_, what, cause) => new IOException(what, cause)).Root;
            foreach (byte[] name in _buckets)
            {
                bucket = bucket?.Find(name)?.Bucket;
            }

            var newest = new Dictionary<(string, string), (long Number, string Id)>();
            var folders = new Dictionary<string, SnapshotFolder>(StringComparer.Ordinal);
            foreach (BoltItem item in bucket?.Items ?? [])
            {
                if (item.Bucket?.Find("id"u8) is not { } id || NameOf(Encoding.UTF8.GetString(item.Key.Span)) is not { } key)
                {
                    continue;
                }

                string number = Unsigned(id.Value.Span).ToString(CultureInfo.InvariantCulture);
                folders[number] = new SnapshotFolder(key.Namespace, key.Name, IsNewest: false);
                if (!newest.TryGetValue((key.Namespace, key.Name), out var other) || other.Number < key.Number)
                {
                    newest[(key.Namespace, key.Name)] = (key.Number, number);
                }
            }

            foreach ((_, string id) in newest.Values)
            {
                folders[id] = folders[id] with { IsNewest = true };
            }

            return folders;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A name as containerd's metadata store gives it to the stores below (metadata/buckets.go): namespace, number, name.</summary>
    public static (string Namespace, long Number, string Name)? NameOf(string key) =>
        key.Split('/', 3) is [var name, var text, var rest] && long.TryParse(text, CultureInfo.InvariantCulture, out long number)
            ? (name, number, rest)
            : null;

    private static ulong Unsigned(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                break;
            }
        }

        return value;
    }
}
