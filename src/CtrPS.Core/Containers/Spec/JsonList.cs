using System.Collections;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A list that is the array of a key in a spec's JSON; the array comes into being with the first element.</summary>
internal sealed class JsonList<T>(CtrSpecObject owner, string key, Func<JsonNode?, T> read, Func<T, JsonNode?> write) : IList<T>
{
    public int Count => Find()?.Count ?? 0;

    public bool IsReadOnly => false;

    public T this[int index]
    {
        get => read(Existing(index)[index]);
        set => Existing(index)[index] = write(value);
    }

    public void Add(T item) => Array().Add(write(item));

    public void Clear() => Find()?.Clear();

    public bool Contains(T item) => IndexOf(item) >= 0;

    public void CopyTo(T[] array, int arrayIndex)
    {
        foreach (T item in this)
        {
            array[arrayIndex++] = item;
        }
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    public int IndexOf(T item)
    {
        for (int i = 0; i < Count; i++)
        {
            bool isIt = this[i] is CtrSpecObject one
                ? item is CtrSpecObject other && ReferenceEquals(one.Find(), other.Find())
                : EqualityComparer<T>.Default.Equals(this[i], item);
            if (isIt)
            {
                return i;
            }
        }

        return -1;
    }

    public void Insert(int index, T item)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, (uint)Count, nameof(index));
        Array().Insert(index, write(item));
    }

    public bool Remove(T item)
    {
        int index = IndexOf(item);
        if (index >= 0)
        {
            RemoveAt(index);
        }

        return index >= 0;
    }

    public void RemoveAt(int index) => Existing(index).RemoveAt(index);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private JsonArray Existing(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return Array();
    }

    private JsonArray? Find() => owner.Find()?[key] switch
    {
        null => null,
        JsonArray array => array,
        { } other =>
            throw new CtrException(
                CtrErrorIds.InvalidSpec, CtrStatus.InvalidArgument, $"'{key}' of the spec is not a list, but {other.ToJsonString()}.")
            {
                Target = key,
            },
    };

    private JsonArray Array()
    {
        if (Find() is { } there)
        {
            return there;
        }

        var made = new JsonArray();
        owner.Json[key] = made;
        return made;
    }
}
