using Containerd.Services.Images.V1;

namespace CtrPS.Client.Images;

/// <summary>What becomes one object: a record with its aliases.</summary>
/// <param name="Record">The record.</param>
/// <param name="Aliases">Its aliases. Null: the record is taken as it is, without regard to others.</param>
internal sealed record ImageRow(Image Record, IReadOnlyList<Image>? Aliases)
{
    /// <summary>The rows of all records of a namespace, or of all that point to some digests.</summary>
    public static IEnumerable<ImageRow> Of(IReadOnlyList<Image> records, bool allRecords) => allRecords
        ? records.Select(record => new ImageRow(record, null))
        : ImageRows.Of(records, record => record.Name, record => record.Target.Digest).Select(row => new ImageRow(row.Record, row.Aliases));

    /// <summary>The object, without size and platforms.</summary>
    public CtrImage ToImage(string @namespace)
    {
        CtrImage image = Records.ToImage(Record, @namespace);
        return Aliases switch
        {
            null => image.With(copy => copy.IsRecord = true),
            [] => image,
            _ => image.With(copy =>
            {
                copy.Aliases = Aliases.Select(alias => alias.Name).ToArray();
                copy.Pinned = image.Pinned || Aliases.Any(Records.IsPinned);
            }),
        };
    }
}
