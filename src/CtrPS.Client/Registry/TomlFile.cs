using System.Text;
using System.Text.RegularExpressions;
using CtrPS.Client.Posix;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace CtrPS.Client.Registry;

/// <summary>A value in a TOML file, and where it stands.</summary>
/// <param name="Key">How it is reached, for messages: <c>host."https://mirror".ca</c>.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Value">A string, a bool, a long, a list of nodes, a <see cref="TomlMap"/>, or null for what nobody asks for.</param>
internal sealed record TomlNode(string Key, int Line, object? Value);

/// <summary>A table: keys in the order of the file.</summary>
internal sealed class TomlMap
{
    private readonly List<KeyValuePair<string, TomlNode>> _items = [];

    /// <summary>The keys and values in the order of the file.</summary>
    public IReadOnlyList<KeyValuePair<string, TomlNode>> Items => _items;

    /// <summary>Whether its keys were given in a header <c>[a.b]</c>, here or further down. Not in braces, and not by dots.</summary>
    public bool IsHeaded { get; set; }

    /// <summary>The value of a key; where there is none, that of a key that differs in case alone, as with containerd's reader.</summary>
    public TomlNode? Find(string key) =>
        Exactly(key) ?? _items.FirstOrDefault(item => string.Equals(item.Key, key, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>The value of a key as it is written.</summary>
    public TomlNode? Exactly(string key) => _items.FirstOrDefault(item => item.Key == key).Value;

    public void Add(string key, TomlNode node) => _items.Add(new(key, node));
}

/// <summary>Reads TOML files with the order and the line of everything in them.</summary>
internal static partial class TomlFile
{
    private const int MaxSize = 1 << 20;
    private const int MaxDepth = 32;

    /// <summary>The text of a file. Null: there is none.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidHostsFile"/>: it is there and cannot be read.</exception>
    public static string? ReadText(string path)
    {
        if (FileStatus.Of(path, follow: true) is { IsFile: false })
        {
            throw HostsFaults.File(path, "is no file");
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > MaxSize)
            {
                throw HostsFaults.File(path, $"has {file.Length} bytes; more than {MaxSize} no such file needs");
            }

            byte[] bytes = new byte[file.Length];
            int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            ReadOnlySpan<byte> text = bytes.AsSpan(0, read);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text.StartsWith(Encoding.UTF8.Preamble) ? text[3..] : text);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostsFaults.File(path, $"cannot be read: {e.Message}", e);
        }
        catch (DecoderFallbackException e)
        {
            throw HostsFaults.File(path, "is no UTF-8 text", e);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidHostsFile"/>, with the line.</exception>
    public static TomlMap Parse(string path, string text)
    {
        DocumentSyntax document;
        try
        {
            document = SyntaxParser.Parse(text, new TomlSerializerOptions { MaxDepth = MaxDepth }, path, validate: true);
        }
        catch (TomlException e) // not told further: it quotes what it stumbled over
        {
            throw HostsFaults.Line(path, (int)(e.Line ?? 1), null, "is no TOML");
        }

        if (document.Diagnostics.FirstOrDefault(message => message.Kind == DiagnosticMessageKind.Error) is { } fault)
        {
            throw HostsFaults.Line(path, fault.Span.Start.Line + 1, null, $"is no TOML: {Shown(fault.Message)}");
        }

        var root = new TomlMap();
        Fill(root, "", document.KeyValues, path);
        foreach (TableSyntaxBase table in document.Tables)
        {
            string[] keys = [.. Keys(table.Name!)];
            int line = LineOf(table);
            TomlMap at = root;
            string key = "";
            for (int i = 0; i < keys.Length; i++)
            {
                key = Join(key, keys[i]);
                at = Below(at, keys[i], key, line, path, asList: table is TableArraySyntax && i == keys.Length - 1);
                at.IsHeaded = true;
            }

            Fill(at, key, table.Items, path);
        }

        return root;
    }

    private static void Fill(TomlMap map, string prefix, IEnumerable<KeyValueSyntax> items, string path)
    {
        foreach (KeyValueSyntax item in items)
        {
            string[] keys = [.. Keys(item.Key!)];
            TomlMap at = map;
            string key = prefix;
            foreach (string part in keys[..^1])
            {
                key = Join(key, part);
                at = Below(at, part, key, LineOf(item), path, asList: false);
            }

            key = Join(key, keys[^1]);
            at.Add(keys[^1], new TomlNode(key, LineOf(item), Read(item.Value!, key, path)));
        }
    }

    /// <summary>The table at a key, which is made where there is none; of a list of tables the last.</summary>
    private static TomlMap Below(TomlMap map, string part, string key, int line, string path, bool asList)
    {
        switch (map.Exactly(part)?.Value)
        {
            case TomlMap there when !asList:
                return there;
            case List<TomlNode> list when list.Count > 0 && list[^1].Value is TomlMap last && !asList:
                return last;
            case List<TomlNode> list when asList:
                var next = new TomlMap();
                list.Add(new TomlNode(key, line, next));
                return next;
            case null when map.Exactly(part) is null:
                var made = new TomlMap();
                map.Add(part, new TomlNode(key, line, asList ? new List<TomlNode> { new(key, line, made) } : made));
                return made;
            default:
                throw HostsFaults.Line(path, line, key, "is there already, and no table");
        }
    }

    private static object? Read(ValueSyntax value, string key, string path)
    {
        switch (value)
        {
            case StringValueSyntax text:
                return text.Value ?? "";
            case BooleanValueSyntax flag:
                return flag.Value;
            case IntegerValueSyntax number:
                return number.Value;
            case ArraySyntax array:
                return array.Items.Select(item => new TomlNode(key, LineOf(item), Read(item.Value!, key, path))).ToList();
            case InlineTableSyntax table:
                var map = new TomlMap();
                Fill(map, key, table.Items.Select(item => item.KeyValue!), path);
                return map;
            default:
                return null;
        }
    }

    private static IEnumerable<string> Keys(KeySyntax key) =>
        key.DotKeys.Select(dotted => dotted.Key!).Prepend(key.Key!).Select(part => part switch
        {
            BareKeySyntax bare => bare.Key?.Text ?? "",
            StringValueSyntax quoted => quoted.Value ?? "",
            _ => part.ToString().Trim(),
        });

    /// <summary>The parser quotes what it stumbled over, which may be a part of a secret: the value of a header.</summary>
    private static string Shown(string message) => Quoted().Replace(message, "...").TrimEnd('.');

    private static string Join(string prefix, string part)
    {
        string shown = part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? part : $"\"{part}\"";
        return prefix.Length == 0 ? shown : $"{prefix}.{shown}";
    }

    private static int LineOf(SyntaxNodeBase node) => node.Span.Start.Line + 1;

    [GeneratedRegex("`[^`]{3,}`")]
    private static partial Regex Quoted();
}
