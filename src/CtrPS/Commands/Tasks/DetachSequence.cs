namespace CtrPS.Commands;

/// <summary>The keys that leave a process to itself, as docker writes them: <c>ctrl-p,ctrl-q</c>, <c>a</c>, <c>ctrl-@</c>.</summary>
internal sealed class DetachSequence
{
    /// <summary>docker's.</summary>
    public const string Default = "ctrl-p,ctrl-q";

    private readonly byte[] _keys;
    private int _matched;

    private DetachSequence(byte[] keys) => _keys = keys;

    /// <summary>Reads the text. Empty: no keys do it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static DetachSequence Parse(string text) =>
        new([.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(key => Key(key.Trim(), text))]);

    /// <summary>Takes typed bytes; true: the keys were among them. What comes after them is dropped.</summary>
    /// <param name="typed">What was typed.</param>
    /// <param name="forward">What is to be passed on: a beginning of the keys is held back until the next byte shows what it is.</param>
    public bool Take(byte[] typed, out byte[] forward)
    {
        var passed = new List<byte>(typed.Length + _matched);
        foreach (byte one in typed)
        {
            if (_keys.Length == 0)
            {
                passed.Add(one);
                continue;
            }

            if (one != _keys[_matched])
            {
                passed.AddRange(_keys[.._matched]);
                _matched = 0;
            }

            if (one != _keys[_matched])
            {
                passed.Add(one);
            }
            else if (++_matched == _keys.Length)
            {
                forward = [.. passed];
                return true;
            }
        }

        forward = [.. passed];
        return false;
    }

    private static byte Key(string key, string text) => key switch
    {
        { Length: 1 } when char.IsAscii(key[0]) => (byte)key[0],
        { Length: 6 } when key.StartsWith("ctrl-", StringComparison.OrdinalIgnoreCase) && Control(key[5]) is { } code => code,
        _ => throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{text}' are no detach keys.")
        {
            Target = text,
            RecommendedAction = "Give single letters, or ctrl- and one of a-z, @, [, \\, ], ^, _; with commas between several.",
        },
    };

    private static byte? Control(char letter) => char.ToUpperInvariant(letter) is >= '@' and <= '_' and var upper ? (byte)(upper - '@') : null;
}
