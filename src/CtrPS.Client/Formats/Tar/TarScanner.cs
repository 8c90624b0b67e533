namespace CtrPS.Client.Formats.Tar;

/// <summary>
/// Goes through a tar from entry to entry: by seeking where the stream can, else by reading on. It allocates nothing that a header asks for
/// before it has compared it with a limit, and tells a cut tar from a damaged one, with the place: System.Formats.Tar does neither, it takes an
/// array as large as a pax header claims to be and seeks past the end of a cut file without a word.
/// </summary>
/// <param name="tar">The uncompressed tar, at its start.</param>
/// <param name="fault">Words the errors.</param>
/// <param name="maxItems">Headers, at most; also those that only extend others.</param>
internal sealed class TarScanner(Stream tar, FormatFault fault, long maxItems = 1_000_000)
{
    /// <summary>More than any path or set of pax records needs.</summary>
    private const int MaxExtension = 1 << 20;

    private readonly byte[] _block = new byte[TarHeader.BlockSize];
    private readonly byte[] _rest = new byte[1 << 16];
    private byte[] _extension = [];
    private TarItem _current;
    private PaxRecords? _currentPax;
    private long _position;
    private long _next;
    private long _count;

    /// <summary>Whether the end was marked by a block of zeros, as it has to be. Else the tar may have been cut between two entries.</summary>
    public bool EndMarked { get; private set; }

    /// <summary>The next entry. Null at the end.</summary>
    /// <exception cref="Exception">What the maker of errors makes of the fault: all kinds but <see cref="FormatFaultKind.Unreadable"/>.</exception>
    public async ValueTask<TarItem?> NextAsync(CancellationToken cancellationToken)
    {
        PaxRecords? pax = null;
        string? longName = null;
        string? longLink = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await SkipAsync(cancellationToken).ConfigureAwait(false);
            if (!await ReadHeaderAsync(pax is not null || longName is not null || longLink is not null, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            char type = TarHeader.Type(_block);
            string name = pax?.Path ?? longName ?? TarHeader.Name(_block);
            long own = TarHeader.Size(_block)
                ?? throw fault(
                    FormatFaultKind.Corrupt,
                    $"the size of the entry '{ForeignText.Show(name)}' at byte {_position - TarHeader.BlockSize} is no number.");
            switch (type)
            {
                case 'x':
                    pax = PaxRecords.Parse((await ReadExtensionAsync(own, cancellationToken).ConfigureAwait(false)).Span)
                        ?? throw fault(FormatFaultKind.Corrupt, $"the extended header before byte {_position} is malformed.");
                    continue;
                case 'L':
                    longName = TarHeader.Text((await ReadExtensionAsync(own, cancellationToken).ConfigureAwait(false)).Span);
                    continue;
                case 'K':
                    longLink = TarHeader.Text((await ReadExtensionAsync(own, cancellationToken).ConfigureAwait(false)).Span);
                    continue;
                default:
                    break;
            }

            if (type == 'S' || pax is { IsSparse: true })
            {
                throw fault(
                    FormatFaultKind.Corrupt,
                    $"the entry '{ForeignText.Show(name)}' is stored sparse, without its holes. Pack it again without the option --sparse.");
            }

            TarItemKind kind = type switch
            {
                '0' or '7' => TarItemKind.File,
                '\0' => name.EndsWith('/') ? TarItemKind.Other : TarItemKind.File, // before POSIX folders were told by the slash
                '1' => TarItemKind.HardLink,
                '2' => TarItemKind.SymbolicLink,
                _ => TarItemKind.Other,
            };

            // Links, folders and devices have no bytes whatever their size field says (POSIX); the global header 'g' has.
            long size = type is '1' or '2' or '3' or '4' or '5' or '6' ? 0 : pax?.Size ?? own;
            if (size > long.MaxValue - _position - TarHeader.BlockSize)
            {
                throw fault(FormatFaultKind.Corrupt, $"the entry '{ForeignText.Show(name)}' claims {size} bytes.");
            }

            _current = new TarItem(name, kind, pax?.LinkPath ?? longLink ?? TarHeader.LinkName(_block), _position, size);
            _currentPax = pax;
            _next = _position + Padded(size);
            if (tar.CanSeek && _position + size > tar.Length)
            {
                throw Cut(name, tar.Length - _position, size);
            }

            return _current;
        }
    }

    /// <summary>All that the tar says of the entry that <see cref="NextAsync"/> gave last. Null for a comment, which is about no file.</summary>
    public TarEntryFacts? FactsOfCurrent() => TarEntryFacts.Of(_block, _current, _currentPax);

    /// <summary>What else the headers say of the entry that <see cref="NextAsync"/> gave last; to be asked before its bytes are read.</summary>
    public TarAttributes CurrentAttributes => TarAttributes.Read(_block, _currentPax, _current.Name);

    /// <summary>The bytes of the entry that <see cref="NextAsync"/> gave last; valid until it is called again.</summary>
    public Stream OpenCurrent() => new TarItemStream(this, _current.Size);

    /// <summary>Reads of the current entry.</summary>
    private async ValueTask<int> ReadCurrentAsync(Memory<byte> buffer, long left, CancellationToken cancellationToken)
    {
        int read = await tar.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _position += read;
        return read > 0 ? read : throw Cut(_current.Name, _current.Size - left, _current.Size);
    }

    private Exception Cut(string name, long there, long size) =>
        fault(FormatFaultKind.Truncated, $"it ends within the entry '{ForeignText.Show(name)}', of which {there} of {size} bytes are there.");

    /// <summary>Goes to the next header.</summary>
    private async ValueTask SkipAsync(CancellationToken cancellationToken)
    {
        if (tar.CanSeek)
        {
            tar.Position = _position = _next;
            return;
        }

        while (_position < _next)
        {
            int wanted = (int)Math.Min(_rest.Length, _next - _position);
            int read = await tar.ReadAsync(_rest.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                long there = _position - _current.Offset;
                if (there < _current.Size)
                {
                    throw Cut(_current.Name, there, _current.Size);
                }

                // Only what fills up the last block is missing: the next read finds the end.
                _next = _position;
                return;
            }

            _position += read;
        }
    }

    /// <summary>Reads and checks a header. False at the end.</summary>
    private async ValueTask<bool> ReadHeaderAsync(bool awaited, CancellationToken cancellationToken)
    {
        int read = await tar.ReadAtLeastAsync(_block, TarHeader.BlockSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        _position += read;
        if (read == TarHeader.BlockSize && !_block.AsSpan().ContainsAnyExcept((byte)0) && !awaited)
        {
            EndMarked = true;
            return false;
        }

        if (_count == 0 && (read < TarHeader.BlockSize || !TarHeader.IsSound(_block)))
        {
            throw fault(FormatFaultKind.Unrecognized, read == 0 ? "it is empty." : "it is neither a tar nor a compressed tar.");
        }

        if (read == 0 && !awaited)
        {
            return false;
        }

        if (read < TarHeader.BlockSize)
        {
            throw fault(FormatFaultKind.Truncated, $"it ends at byte {_position}, within the header of an entry{After}.");
        }

        if (!TarHeader.IsSound(_block))
        {
            throw fault(
                FormatFaultKind.Corrupt, $"the header at byte {_position - TarHeader.BlockSize}{After} does not have the checksum that it names.");
        }

        if (++_count > maxItems)
        {
            throw fault(FormatFaultKind.Limit, $"it has more than {maxItems} entries.");
        }

        _next = _position;
        return true;
    }

    private string After => _current.Name is { Length: > 0 } name ? $" after the entry '{ForeignText.Show(name)}'" : "";

    /// <summary>Reads the bytes of an entry that extends the next one. They are valid until the next call.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ReadExtensionAsync(long size, CancellationToken cancellationToken)
    {
        if (size > MaxExtension)
        {
            throw fault(
                FormatFaultKind.Limit,
                $"the extended header at byte {_position - TarHeader.BlockSize} claims {size} bytes; more than {MaxExtension} are not read.");
        }

        if (_extension.Length < size)
        {
            _extension = new byte[size];
        }

        Memory<byte> bytes = _extension.AsMemory(0, (int)size);
        int read = await tar.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        long start = _position;
        _position += read;
        _next = start + Padded(size);
        return read == size
            ? bytes
            : throw fault(FormatFaultKind.Truncated, $"it ends at byte {_position}, within the extended header of an entry{After}.");
    }

    private static long Padded(long size) => (size + TarHeader.BlockSize - 1) / TarHeader.BlockSize * TarHeader.BlockSize;

    /// <summary>The bytes of one entry, read in passing.</summary>
    private sealed class TarItemStream(TarScanner scanner, long size) : ForwardStream
    {
        private long _left = size;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer = buffer[..(int)Math.Min(buffer.Length, _left)];
            if (buffer.IsEmpty)
            {
                return 0;
            }

            int read = await scanner.ReadCurrentAsync(buffer, _left, cancellationToken).ConfigureAwait(false);
            _left -= read;
            return read;
        }
    }
}
