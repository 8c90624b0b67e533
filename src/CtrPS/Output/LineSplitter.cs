using System.Text;

namespace CtrPS.Output;

/// <summary>Turns bytes that come in pieces into lines of text. A character may lie across two pieces, and so may the end of a line.</summary>
internal sealed class LineSplitter(Encoding encoding)
{
    private readonly Decoder _decoder = encoding.GetDecoder();
    private readonly StringBuilder _begun = new();
    private char[] _characters = [];

    /// <summary>The lines that a piece completes, without their ends: a line feed, with or without a carriage return.</summary>
    public IEnumerable<string> Add(byte[] bytes) => Split(bytes, flush: false);

    /// <summary>The line that is left at the end, if there is one.</summary>
    public IEnumerable<string> End()
    {
        foreach (string line in Split([], flush: true))
        {
            yield return line;
        }

        if (_begun.Length > 0)
        {
            yield return _begun.ToString();
            _ = _begun.Clear();
        }
    }

    private IEnumerable<string> Split(byte[] bytes, bool flush)
    {
        int most = encoding.GetMaxCharCount(bytes.Length);
        if (_characters.Length < most)
        {
            _characters = new char[most];
        }

        int count = _decoder.GetChars(bytes, _characters, flush);
        int begin = 0;
        while (Array.IndexOf(_characters, '\n', begin, count - begin) is var end and >= 0)
        {
            yield return Line(begin, end);
            begin = end + 1;
        }

        _ = _begun.Append(_characters, begin, count - begin);
    }

    private string Line(int begin, int end)
    {
        if (_begun.Length == 0)
        {
            return new string(_characters, begin, (end > begin && _characters[end - 1] == '\r' ? end - 1 : end) - begin);
        }

        _ = _begun.Append(_characters, begin, end - begin);
        if (_begun[^1] == '\r')
        {
            _begun.Length--;
        }

        string line = _begun.ToString();
        _ = _begun.Clear();
        return line;
    }
}
