using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Tests.Archives;

/// <summary>The entries of a real archive, to be moved, changed and damaged.</summary>
internal sealed class Bundle
{
    public List<Entry> Items { get; } = [];

    public static Bundle Read(string path)
    {
        var bundle = new Bundle();
        using FileStream file = File.OpenRead(path);
        using var reader = new TarReader(file);
        while (reader.GetNextEntry() is { } entry)
        {
            byte[] content = [];
            if (entry.DataStream is { } data)
            {
                content = new byte[entry.Length];
                data.ReadExactly(content);
            }

            bundle.Items.Add(new Entry(entry.Name, entry.EntryType, entry.LinkName, content));
        }

        return bundle;
    }

    public Entry this[string name] => Items.Single(item => item.Name == name);

    /// <summary>The largest file, a layer.</summary>
    public Entry Layer => Items.MaxBy(item => item.Content.Length)!;

    /// <summary>The file of a blob.</summary>
    public Entry Blob(string digest) => this["blobs/" + digest.Replace(':', '/')];

    public JsonNode Json(string name) => JsonNode.Parse(this[name].Content)!;

    public void Set(string name, string content) => Set(name, Encoding.UTF8.GetBytes(content));

    public void Set(string name, byte[] content)
    {
        int at = Items.FindIndex(item => item.Name == name);
        if (at < 0)
        {
            Items.Add(new Entry(name, TarEntryType.RegularFile, "", content));
        }
        else
        {
            Items[at] = Items[at] with { Content = content };
        }
    }

    public void Remove(string name) => Items.Remove(this[name]);

    /// <summary>Changes one byte in the middle.</summary>
    public void Flip(string name)
    {
        byte[] content = [.. this[name].Content];
        content[content.Length / 2] ^= 1;
        Set(name, content);
    }

    public string Write(string path, TarEntryFormat format = TarEntryFormat.Gnu)
    {
        using FileStream file = File.Create(path);
        using var writer = new TarWriter(file, format);
        foreach (Entry item in Items)
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(item.Type, item.Name),
                TarEntryFormat.Ustar => new UstarTarEntry(item.Type, item.Name),
                TarEntryFormat.V7 => new V7TarEntry(item.Type == TarEntryType.RegularFile ? TarEntryType.V7RegularFile : item.Type, item.Name),
                _ => new GnuTarEntry(item.Type, item.Name),
            };
            if (item.Type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                entry.LinkName = item.Link;
            }
            else if (item.Type == TarEntryType.RegularFile)
            {
                entry.DataStream = new MemoryStream(item.Content);
            }

            writer.WriteEntry(entry);
        }

        return path;
    }

    internal sealed record Entry(string Name, TarEntryType Type, string Link, byte[] Content);
}
